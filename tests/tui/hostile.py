"""A dashboard whose daemon says only hostile things; run in a terminal of its own by the tests."""

import time
from urllib.parse import quote

import msgspec

from sandboxd.client import ops
from sandboxd.wire import things
from tui import scripted
from tui.dashboard import Dashboard
from tui.state import State

EVIL = (
    "\x1b]52;c;ZXZpbA==\x07\x9b2J\x1bPq\x1b]0;owned\u202e\u200b[b]x[/b][@click=app.quit]y[/]\r\n\x00e" + "\u0301" * 50
)


def spoil(value, keep=()):
    """The same thing with every text in it spoilt that is not an id, a state or a time."""
    fields = {}
    for name in value.__struct_fields__:
        one = getattr(value, name)
        kept = name in (
            *keep,
            "id",
            "state",
            "health",
            "role",
            "epoch",
            "operation_id",
            "target",
            "depends_on",
            "tenant_id",
            "type",
            "account_id",
            "sandbox_id",
        )
        if kept or name.endswith(("_at", "since", "now", "eta")) or name == "at":
            fields[name] = one
        elif isinstance(one, str):
            fields[name] = EVIL + one
        elif isinstance(one, list):
            fields[name] = [
                spoil(x) if isinstance(x, msgspec.Struct) else EVIL if isinstance(x, str) else x for x in one
            ]
        elif isinstance(one, msgspec.Struct):
            fields[name] = spoil(one)
        elif isinstance(one, dict):
            fields[name] = {EVIL + k: EVIL for k in one}
        else:
            fields[name] = one
    return type(value)(**fields)


def daemon():
    """A scripted daemon whose every word is spoilt."""
    made = scripted.ScriptedDaemon()
    made.world = spoil(made.world)
    refused = things.Plan(verb="stop", target=EVIL, refusals=[things.PlanRefusal(EVIL, EVIL, EVIL)])
    problem = things.Problem(type="t", title="t", status=409, detail=EVIL, code=EVIL, hint=EVIL)
    steps = [spoil(one) for one in scripted.creation()]
    steps += [msgspec.structs.replace(steps[0], id=f"r/s/{EVIL}#1:present", state="failed", reason=EVIL)]
    operation = next(one for one in made.world.operations if one.id == "op_create")
    sandbox = next(one for one in made.world.sandboxes if one.id == scripted.BANK_2)
    resource = things.Resource(kind=EVIL, name=EVIL, id=EVIL, region=EVIL, state=EVIL)
    secret = things.Resource(kind="secret", name=f"secret-{EVIL}", id=EVIL, region=EVIL, state=EVIL)
    profiles = [spoil(one) for one in scripted.profiles()]
    made.answers = {
        "GET /v1/whoami": things.Whoami(user=EVIL, uid=1, role="write"),
        "GET /v1/health": things.Health(status="ok", version=EVIL, since=EVIL, stage=EVIL),
        "GET /v1/profiles": ops.Items(profiles),
        "GET /v1/operations/op_create": msgspec.structs.replace(operation, steps=steps),
        f"GET /v1/sandboxes/{scripted.BANK_2}": msgspec.structs.replace(
            sandbox, resources=[resource, secret], endpoints=[things.Endpoint(EVIL, EVIL, EVIL)]
        ),
        f"GET /v1/sandboxes/{scripted.BANK_2}/credentials/{quote(EVIL, safe='')}": things.Credential(
            sandbox_id=scripted.BANK_2, name=EVIL, value=EVIL
        ),
        f"GET /v1/why/{scripted.BANK_2}": msgspec.structs.replace(spoil(scripted.why()), subject=scripted.BANK_2),
        "POST /v1/plans": refused,
        f"POST /v1/sandboxes/{made.world.sandboxes[0].id}/stop": problem,
        "POST /v1/sandboxes": problem,
    }
    made.say(
        things.Event(
            id="e1-101", seq=1, at=scripted.ago(0), type=EVIL, message=EVIL, by=EVIL, sandbox_id=scripted.BANK_2
        )
    )
    return made


def main():
    Dashboard(state=State(address=EVIL, read_only=False, ticks=time.monotonic), backend=daemon()).run()


if __name__ == "__main__":
    main()
