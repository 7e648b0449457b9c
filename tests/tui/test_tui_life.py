"""What a person does with the dashboard: create, stop, delete, look, wait; and nothing twice."""

import asyncio

import msgspec
import pytest
from msgspec import structs
from textual import events

from sandboxd.client import ops
from sandboxd.client.errors import DaemonDown
from sandboxd.client.sse import Reset
from sandboxd.wire import things
from tui import scripted
from tui.screens.confirm import Confirm
from tui.screens.create import Create
from tui.screens.detail import Detail
from tui.screens.fleet import Fleet
from tui.scripted import ADDRESS, EPOCH

REFUSAL = things.Problem(
    type="about:blank",
    title="t",
    status=409,
    code="sandbox_exists",
    detail="The sandbox exists already.",
    hint="Take another name.",
)


def cut():
    return DaemonDown(ADDRESS, None)


def sent(stage):
    return [
        (method, path, msgspec.json.decode(body) if body else None) for method, path, body, _ in stage.daemon.writes
    ]


def keys_of(stage):
    return [key for *_, key in stage.daemon.writes]


async def fleet(stage):
    await stage.sees("5 sandboxes", "100/115")


# ---- create
def test_create_sends_what_the_form_says_and_opens_the_sandbox(stage):
    """Name, parameters and lifetime as they were filled in, after the plan was shown."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("n")
        await stage.sees("New sandbox")
        await stage.write("bank-3")
        await stage.press("tab", "tab")
        await stage.sees("amq")
        await stage.press("space", "tab", "tab")
        await stage.write("8h")
        await stage.sees("115 steps", "+$1.61/h")
        await stage.press("enter")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    body = {"name": "bank-3", "tenant": "acme", "profile": "model-bank", "parameters": {"amq": True}, "ttl": 28800.0}
    assert [(method, path) for method, path, _ in sent(stage)] == [("POST", "/v1/sandboxes")]
    assert {name: value for name, value in sent(stage)[0][2].items() if name in body} == body


def test_enter_five_times_is_one_sandbox(stage):
    """While it is on its way nothing more is sent, whatever is pressed."""

    async def scenario(stage):
        stage.daemon.gate = asyncio.Event()
        await fleet(stage)
        await stage.press("n")
        await stage.write("bank-3")
        await stage.sees("115 steps")
        await stage.press("enter", "enter", "enter", "enter", "enter")
        await stage.until(lambda: stage.daemon.writes)
        assert stage.app.screen.query_one("#yes").disabled
        stage.daemon.gate.set()
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    assert len(sent(stage)) == 1


def test_a_refusal_keeps_the_form_and_the_next_try_is_another_one(stage):
    """Code and hint are shown, nothing typed is lost, and the key is a new one."""
    stage.daemon.answers["POST /v1/sandboxes"] = [REFUSAL, None]

    async def scenario(stage):
        await fleet(stage)
        await stage.press("n")
        await stage.write("bank-3")
        await stage.sees("115 steps")
        await stage.press("enter", "enter")
        await stage.sees("The sandbox exists already.", "sandbox_exists", "Take another name.")
        assert stage.app.screen.query_one("#name").value == "bank-3"
        await stage.until(lambda: not stage.app.screen.query_one("#yes").disabled)
        stage.app.screen.query_one("#yes").press()
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    first, second = keys_of(stage)
    assert first != second


def test_an_unknown_outcome_is_sent_again_with_the_same_key(stage):
    """The connection was cut after sending: the second try finds what the first one did."""
    stage.daemon.answers["POST /v1/sandboxes"] = [cut(), None]

    async def scenario(stage):
        await fleet(stage)
        await stage.press("n")
        await stage.write("bank-3")
        await stage.sees("115 steps")
        await stage.press("enter", "enter")
        await stage.sees("No clear answer", "it happens only once")
        stage.app.screen.query_one("#yes").press()
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    first, second = keys_of(stage)
    assert first == second


def test_another_content_gets_another_key(stage):
    """After an unknown outcome the name is changed: that is another sandbox."""
    stage.daemon.answers["POST /v1/sandboxes"] = [cut(), None]

    async def scenario(stage):
        await fleet(stage)
        await stage.press("n")
        await stage.write("bank-3")
        await stage.sees("115 steps")
        await stage.press("enter", "enter")
        await stage.sees("No clear answer")
        stage.app.screen.query_one("#name").value = "bank-4"
        await stage.until(lambda: not stage.app.screen.query_one("#yes").disabled)
        stage.app.screen.query_one("#yes").press()
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    first, second = keys_of(stage)
    assert first != second


def test_a_new_tenant_is_onboarded_first(stage):
    """From the same form: the sandbox is created when its tenant is there."""
    going = things.Operation(
        id="op_on",
        kind="onboard",
        target="ten_x",
        tenant="umbrella",
        state="running",
        requested_by="m",
        requested_at=scripted.NOW,
    )
    stage.daemon.answers["POST /v1/tenants"] = going
    stage.daemon.answers["GET /v1/operations/op_on/wait"] = [cut(), going, structs.replace(going, state="succeeded")]
    stage.daemon.world = structs.replace(stage.daemon.world, tenants=[])

    async def scenario(stage):
        await stage.sees("dev")
        await stage.press("n")
        await stage.sees("a new tenant")
        await stage.write("umbrella")
        await stage.press("enter")
        await stage.write("boss@umbrella.example")
        await stage.press("enter")
        await stage.write("bank-1")
        await stage.sees("an account of its own")
        await stage.press("enter", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    assert [(method, path) for method, path, _ in sent(stage)] == [("POST", "/v1/tenants"), ("POST", "/v1/sandboxes")]
    assert sent(stage)[0][2]["email"] == "boss@umbrella.example"
    assert sent(stage)[1][2]["tenant"] == "umbrella"


def test_an_onboarding_that_fails_creates_nothing(stage):
    """What failed is said, and no sandbox is asked for."""
    stage.daemon.answers["POST /v1/tenants"] = things.Operation(
        id="op_on", kind="onboard", target="t", tenant="umbrella", state="failed", requested_by="m", requested_at=scripted.NOW,
        reason="the pool is empty",
    )  # fmt: skip
    stage.daemon.world = structs.replace(stage.daemon.world, tenants=[])

    async def scenario(stage):
        await stage.sees("dev")
        await stage.press("n")
        await stage.write("umbrella")
        await stage.press("enter")
        await stage.write("b@u.example")
        await stage.press("enter")
        await stage.write("bank-1")
        await stage.press("enter", "enter")
        await stage.sees("onboarding failed: the pool is empty")

    stage.run(scenario)
    assert [path for _, path, _ in sent(stage)] == ["/v1/tenants"]


def test_names_are_checked_while_they_are_typed(stage):
    """And nothing wrong can be sent."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("n")
        await stage.write("uat")
        await stage.sees("it exists already")
        await stage.write("1_")
        await stage.sees("only a-z, 0-9 and hyphens")
        assert stage.app.screen.query_one("#yes").disabled
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))

    stage.run(scenario)
    assert sent(stage) == []


def test_another_profile_has_other_parameters(stage):
    """Fields are made from what the daemon says of a profile, and go with it."""
    profiles = scripted.profiles()
    size = things.Parameter(name="size", type="integer", default=3, help="How many")
    profiles[1] = structs.replace(profiles[1], parameters=[size])
    stage.daemon.answers["GET /v1/profiles"] = ops.Items(profiles)

    async def scenario(stage):
        await fleet(stage)
        await stage.press("n")
        await stage.write("small")
        await stage.sees("amq")
        stage.app.screen.query_one("#profile").value = "trial"
        await stage.sees("size", "How many")
        assert "amq" not in stage.text
        stage.app.screen.query_one("#p0").value = "x"
        await stage.sees("a whole number")
        assert stage.app.screen.query_one("#yes").disabled
        stage.app.screen.query_one("#p0").value = "5"
        await stage.until(lambda: not stage.app.screen.query_one("#yes").disabled)
        stage.app.screen.query_one("#yes").press()
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    assert (sent(stage)[0][2]["profile"], sent(stage)[0][2]["parameters"]) == ("trial", {"size": 5})


def test_keys_that_come_faster_than_the_form_open_nothing_else(stage):
    """All at once, as from a fast hand on a slow line: one form, and no other dialog."""

    async def scenario(stage):
        await fleet(stage)
        for key in "nnxdq":
            stage.app.post_message(events.Key(key, key))
        await stage.until(lambda: isinstance(stage.app.screen, Create))
        await stage.settled()
        assert [type(one).__name__ for one in stage.app.screen_stack] == ["Screen", "Fleet", "Create"]

    stage.run(scenario)
    assert sent(stage) == []


# ---- stop, start, delete, retry, cancel
def test_stop_asks_shows_the_plan_and_sends_once(stage):
    """A hasty Enter stops nothing, y does, once."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("x")
        await stage.sees("Stop acme/bank-1?", "6 steps")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))
        assert sent(stage) == []
        await stage.press("x")
        await stage.sees("Stop acme/bank-1?")
        await stage.press("y", "y", "y")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))

    stage.run(scenario)
    bank = stage.state.view.sandboxes
    identifier = next(one.id for one in bank.values() if one.name == "bank-1")
    assert [(method, path) for method, path, _ in sent(stage)] == [("POST", f"/v1/sandboxes/{identifier}/stop")]


def test_delete_wants_the_name_of_what_it_was_opened_for(stage):
    """The name is typed in full; what moves under the dialog does not change what is deleted."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("d")
        await stage.sees("Delete acme/bank-1?")
        await stage.write("bank-")
        await stage.press("enter")
        assert stage.app.screen.query_one("#yes").disabled
        stage.daemon.world = structs.replace(stage.daemon.world, seq=500, sandboxes=stage.daemon.world.sandboxes[1:])
        stage.daemon.say(Reset(f"{EPOCH}-500"))
        await stage.until(lambda: stage.state.view.position == 500)
        await stage.write("1")
        await stage.press("enter", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))

    stage.run(scenario)
    gone = scripted.snapshot().sandboxes[0].id
    assert [(method, path) for method, path, _ in sent(stage)] == [("DELETE", f"/v1/sandboxes/{gone}")]


def test_a_refused_stop_says_why_and_stays(stage):
    """Code and hint stand in the dialog."""
    first = scripted.snapshot().sandboxes[0].id
    stage.daemon.answers[f"POST /v1/sandboxes/{first}/stop"] = REFUSAL

    async def scenario(stage):
        await fleet(stage)
        await stage.press("x")
        await stage.sees("6 steps")
        await stage.press("y")
        await stage.sees("sandbox_exists", "Take another name.")
        assert isinstance(stage.app.screen, Confirm)
        assert not stage.app.screen.query_one("#yes").disabled

    stage.run(scenario)


def test_retry_and_cancel_go_to_the_operation(stage):
    """From the row of the sandbox."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "c")
        await stage.sees("Cancel the create of bank-2?")
        await stage.press("y")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))
        await stage.press("down", "down", "r")
        await stage.sees("Retry the create of migration?", "InsufficientInstanceCapacity")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))

    stage.run(scenario)
    assert [(method, path) for method, path, _ in sent(stage)] == [
        ("DELETE", "/v1/operations/op_create"), ("POST", "/v1/operations/op_failed/retry"),
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["n", "x", "d", "s"])
def test_a_reader_changes_nothing(stage, key):
    """Who may only read is told so; nothing is asked of the daemon."""
    stage.daemon.role = "read"

    async def scenario(stage):
        await stage.sees("READ-ONLY", "100/115")
        await stage.press(key)
        await stage.sees("user maria may only read")
        assert isinstance(stage.app.screen, Fleet)

    stage.run(scenario)
    assert sent(stage) == []


def test_a_reason_is_not_told_longer_than_it_is_asked_for(stage):
    """Left alone, a sandbox says what its steps do, not what it waited for when somebody last looked."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "enter")
        await stage.sees("waits for AWS to be installed")
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))
        await stage.until(lambda: scripted.BANK_2 not in stage.state.whys)
        assert "waits for AWS to be installed" not in stage.text

    stage.run(scenario)
