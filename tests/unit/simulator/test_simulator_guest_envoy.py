"""The ingress machine of the simulator answers the scripts as a real one does."""

from sandboxd.ingress import said
from sandboxd.ingress.content import EMPTY, Content, content
from sandboxd.ingress.parts import Part
from sandboxd.ingress.scripts import deliver
from sandboxd.simulator import guest_envoy
from sandboxd.simulator.rows import Row

A = Part(
    sandbox="sa", tenant="t", name="a", route="web", layer="http", address="10.0.0.9", port=80, host="web-a.t.example"
)
B = Part(
    sandbox="sb", tenant="t", name="b", route="bad", layer="tls", address="10.0.0.9", port=80, host="bad-b.t.example"
)
AMQ = Part(sandbox="sa", tenant="t", name="a", route="amq", layer="tcp", address="10.0.0.9", port=61616, listen=20000)


def machine() -> Row:
    """One that has booted."""
    row = Row("machine", "i-1", "1", "r", 0.0)
    row.timeline.append((10.0, "running"))
    return row


def send(row: Row, made: Content, expected: str, told: int | None = None, script: str = "") -> said.Delivered:
    """Deliver as Systems Manager does: the words of the first line, and the script."""
    script = script or deliver(made, expected)
    _, _, *pairs = script.split("\n", 1)[0].split()
    words = dict(pair.split("=", 1) for pair in pairs)
    done = guest_envoy.deliver(row, words, script, 20.0, told)
    answer = said.delivered(done.output)
    assert answer is not None and said.OUTCOMES[answer.outcome] == done.code
    return answer


def runs(row: Row, now: float = 20.0) -> said.Runs:
    """What it reports."""
    found = said.runs(guest_envoy.report(row, now).output)
    assert found is not None
    return found


def test_it_delivers_and_compares():
    """What is there is replaced only if it is what was expected; the same again is there; the balancers find the ports."""
    row, first, second = machine(), content([A, AMQ], 1), content([A], 2)
    assert runs(row).version == EMPTY
    assert send(row, first, EMPTY).outcome == "delivered"
    assert row.data["listens"] == (8080, 20000)
    assert send(row, first, EMPTY).outcome == "there"
    assert (send(row, second, EMPTY).outcome, runs(row).version) == ("other", first.version)
    assert (send(row, second, first.version).outcome, runs(row).version) == ("delivered", second.version)
    assert row.data["listens"] == (8080,)


def test_a17_what_is_bad_is_named_and_changes_nothing():
    """By its sandbox, before it is in place; or rejected by the fault script; and after a boot the old one runs."""
    row, first = machine(), content([A], 1)
    send(row, first, EMPTY)
    answer = send(row, content([A, B], 2), first.version)
    assert (answer.outcome, answer.bad, answer.version) == ("invalid", ("sb",), first.version)
    assert send(row, content([], 3), first.version, told=1).outcome == "rejected"
    assert (runs(row).version, runs(row).rejected) == (first.version, 1)
    row.goes(30.0, (0.0, "stopped"), (10.0, "running"))
    assert (runs(row, 50.0).version, runs(row, 50.0).rejected) == (first.version, 0)


def test_a16_exit_0_and_the_old_version_runs_on():
    """Told to fail with 0: files are new, what runs is old, until the next boot."""
    row, first, second = machine(), content([A], 1), content([A, AMQ], 2)
    send(row, first, EMPTY)
    assert send(row, second, first.version, told=0).outcome == "delivered"
    assert (
        said.behind("envoy-2", second.version, runs(row))
        == f"envoy-2 still runs version {first.version}, wanted {second.version}"
    )
    assert row.data["listens"] == (8080,)
    assert send(row, second, first.version, told=0).outcome == "unproved"
    row.goes(30.0, (0.0, "stopped"), (10.0, "running"))
    assert said.behind("envoy-2", second.version, runs(row, 50.0)) == ""
    assert row.data["listens"] == (8080, 20000)


def test_a16_a_second_delivery_moves_the_files_into_place_once_more():
    """A16: a move is what Envoy notices; then it runs what lies there."""
    row, first = machine(), content([A], 1)
    send(row, first, EMPTY, told=0)
    assert (runs(row).version, runs(row).files) == (EMPTY, first.version)
    assert (send(row, first, EMPTY).outcome, runs(row).version) == ("there", first.version)


def test_what_is_cut_is_seen():
    """By its digest, as on a real machine."""
    row, made = machine(), content([A], 1)
    script = deliver(made, EMPTY)
    assert send(row, made, EMPTY, script=script.replace("H4sI", "H4sJ")).outcome == "damaged"
    assert send(row, made, EMPTY, script=script[: script.index("H4sI") + 40]).outcome == "damaged"
    assert runs(row).files == EMPTY
