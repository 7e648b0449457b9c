"""A probe: what must answer before a sandbox is started. One command on a machine that tries until it passes, or until its deadline.

It stands on the boot: after a start it is asked again. It changes nothing, so a lost call is simply made once more.
"""

from collections.abc import Mapping

from sandboxd.aws import scripts
from sandboxd.aws.commands import EXPLAIN, GOES_ON, MISSING, ended, run_of, send, sent
from sandboxd.aws.kind import Ask, Item, Kind, Move, Parameters, Questions, Reading, Seen
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

PASSED = 1
DEADLINE, MARGIN = 300, 90
"""seconds: for a probe whose profile says nothing, and for the last try of a script to end"""
SPEC = KindSpec(
    name="probe",
    states=("absent", "passed"),
    roles=(Role("machine", 2), Role("agent", 2, entry=True), Role("after", 1, entry=True)),
    turns=True,
    skippable=True,
    up={PASSED: Usual(4.5, 6)},
)


def _send(ask: Ask) -> Parameters:
    deadline = int(ask.parameter("deadline", DEADLINE))
    script = scripts.probe(str(ask.parameter("probe")), str(ask.parameter("target")), deadline)
    return send(ask, script, seconds=deadline + MARGIN)


def _questions(ask: Ask) -> Questions:
    yield run_of(ask, ask.facts["id"])


def judge(answers: Mapping[str, Item], ask: Ask) -> Seen:
    """Passed when its command has succeeded."""
    run = answers["GetCommandInvocation"]
    facts = {"id": run["CommandId"], "machine": run["InstanceId"]}
    if run["Status"] == "Success":
        return Seen(state=PASSED, text="passed", facts=facts)
    what = f"the {ask.parameter('probe')} probe of {ask.parameter('target')}"
    if run["Status"] in GOES_ON:
        return Seen(text=f"{what} is not answered yet", facts=facts)
    return ended(run, ask, what)


KIND = Kind(
    spec=SPEC,
    service="ssm",
    reading=Reading(operation="GetCommandInvocation", member="CommandId", identity="CommandId", id_filter=""),
    questions=_questions,
    missing=MISSING,
    tagged=False,
    watched=False,
    judge=judge,
    moves={
        ("raise", PASSED): Move(operation="SendCommand", parameters=_send, accepted=sent, explain=EXPLAIN),
        ("lower", 0): Move(operation=""),
    },
)
