"""What people see of an account's ingress: wanted and running versions by machine, routes by what all machines run."""

from sandboxd.actors.ingress import Asked, Region, ingress_view
from sandboxd.ingress.parts import Part
from sandboxd.ingress.said import Runs


def runs(version: str, **words: object) -> Runs:
    """An Envoy that says it runs this."""
    return Runs(answers=True, cds=version, rds=version, lds=version, files=version, **words)  # type: ignore[arg-type]


WEB = Part(
    sandbox="sa",
    tenant="acme",
    name="bank",
    route="web",
    layer="http",
    address="10.0.1.7",
    port=8443,
    host="web-bank.acme.example",
)
AMQ = Part(
    sandbox="sb", tenant="acme", name="other", route="amq", layer="tcp", address="10.0.2.7", port=61616, listen=20001
)


def test_a16_what_runs_stands_beside_what_was_sent():
    """A machine that runs the old version is named with both; a part is present when every machine runs a version with it."""
    known = {"41-a": frozenset([WEB.key]), "42-b": frozenset([WEB.key, AMQ.key])}
    machines = [
        Asked(id="i-1", address="10.0.0.4", said=runs("42-b")),
        Asked(id="i-2", address="10.0.0.5", said=runs("41-a")),
    ]
    seen = ingress_view("1", [Region(region="r", wanted="42-b", parts=[WEB, AMQ], machines=machines, known=known)])
    assert [(one.id, one.runs, one.state, one.reason) for one in seen.machines] == [
        ("i-1", "42-b", "current", None),
        ("i-2", "41-a", "behind", "i-2 still runs version 41-a, wanted 42-b"),
    ]
    assert [(one.sandbox, one.at, one.target, one.state) for one in seen.routes] == [
        ("acme/bank", "web-bank.acme.example", "10.0.1.7:8443", "present"),
        ("acme/other", "20001", "10.0.2.7:61616", "wanted"),
    ]


def test_a_machine_that_does_not_answer_is_silent_and_one_that_rejects_says_so():
    """Each with the reason; nothing counts as present that nobody proves."""
    machines = [
        Asked(id="i-1", address="10.0.0.4"),
        Asked(id="i-2", address="10.0.0.5", said=Runs(answers=False)),
        Asked(
            id="i-3",
            address="10.0.0.6",
            said=Runs(answers=True, lds="1-a", files="2-b", rejected=1, detail="no such cluster"),
        ),
    ]
    seen = ingress_view("1", [Region(region="r", wanted="2-b", parts=[WEB], machines=machines, known={})])
    assert [one.state for one in seen.machines] == ["silent", "silent", "rejected"]
    assert seen.machines[2].reason == "i-3 rejected version 2-b: no such cluster"
    assert [one.state for one in seen.routes] == ["wanted"]
    assert ingress_view("1", []).machines == []
