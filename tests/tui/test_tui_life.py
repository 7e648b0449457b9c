"""What a person does with the dashboard: create, stop, delete, look, wait; and nothing twice."""

import asyncio
import re

import msgspec
import pytest
from msgspec import structs

from sandboxd.client import ops
from sandboxd.client.errors import DaemonDown
from sandboxd.client.sse import Reset
from sandboxd.wire import things
from tui import scripted
from tui.feed import Asker, Feed
from tui.screens.confirm import Confirm
from tui.screens.detail import Detail
from tui.screens.fleet import Fleet
from tui.scripted import ADDRESS, BANK_2, EPOCH
from tui.state import State

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
    await stage.sees("5 sandboxes", "17/22")


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
        await stage.sees("31 steps", "+$1.59/h")
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
        await stage.sees("31 steps")
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
        await stage.sees("31 steps")
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
        await stage.sees("31 steps")
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
        await stage.sees("31 steps")
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
        await stage.sees("READ-ONLY", "17/22")
        await stage.press(key)
        await stage.sees("user maria may only read")
        assert isinstance(stage.app.screen, Fleet)

    stage.run(scenario)
    assert sent(stage) == []


# ---- the stream
def test_events_move_the_screen(stage):
    """A sandbox changes while one looks at it; the cursor stays on it though others come."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "down")
        await stage.sees("acme/uat")
        new = msgspec.to_builtins(
            structs.replace(scripted.snapshot().sandboxes[0], id="sbx_new", name="aaa", tenant="aaa")
        )
        stage.daemon.say(_event(101, "sandbox.started", sandbox_id="sbx_new", data={"sandbox": new}))
        await stage.sees("6 sandboxes", "aaa")
        assert stage.app.screen.context().sandbox.name == "uat"
        uat = structs.replace(scripted.snapshot().sandboxes[2], state="starting")
        stage.daemon.say(_event(102, "sandbox.starting", sandbox_id=uat.id, data={"sandbox": msgspec.to_builtins(uat)}))
        await stage.sees("▲ starting")

    stage.run(scenario)


def test_steps_tick_in_the_detail(stage):
    """A step that ends is drawn as ended, and the count goes up."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "enter")
        await stage.sees("Steps 17/22", "▶   └─ nat")
        nat = next(one for one in scripted.creation() if one.kind == "nat-gateway")
        done = structs.replace(nat, state="done", ended_at=scripted.ago(-5))
        stage.daemon.answers["GET /v1/operations/op_create"] = structs.replace(
            stage.state.view.operations["op_create"],
            steps=[done if one.id == nat.id else one for one in scripted.creation()],
        )
        stage.daemon.say(_event(101, "step.done", operation_id="op_create", data={"step": msgspec.to_builtins(done)}))
        await stage.sees("Steps 18/22", "✓   └─ nat")

    stage.run(scenario)


def test_the_cursor_follows_until_a_person_moves_it(stage):
    """Then it stays, and f follows again."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "enter")
        await stage.sees("following", "nat  create nat-gateway, waiting")
        await stage.press("k")
        await stage.sees("f follows what is being done", "public-a  create subnet")
        await stage.press("f")
        await stage.sees("nat  create nat-gateway, waiting")

    stage.run(scenario)


def test_a_daemon_that_goes_and_comes_back(stage):
    """The picture stays, faint, with its age; writes are off; then it goes on with what happened meanwhile."""

    async def scenario(stage):
        await fleet(stage)
        stage.daemon.say(("down", "Connection refused"))
        await stage.sees("The daemon is away", "Connection refused", "As of 14:52:07", "bank-1")
        await stage.press("x")
        await stage.sees("Not possible while the daemon is away.")
        stage.ticks = 42.0
        stage.daemon.world = structs.replace(
            stage.daemon.world, seq=300, now=scripted.ago(-42), sandboxes=stage.daemon.world.sandboxes[:2]
        )
        stage.daemon.say(("live", ""))
        stage.daemon.say(Reset(f"{EPOCH}-300"))
        await stage.sees("The daemon is back after 42s.", "2 sandboxes", "● live")

    stage.run(scenario)


def test_a_reset_to_where_we_are_asks_for_nothing(stage):
    """Only a picture that is behind is taken anew."""

    async def scenario(stage):
        await fleet(stage)
        stage.daemon.say(Reset(f"{EPOCH}-100"))
        stage.daemon.say(_event(101, "x.y", sandbox_id=BANK_2))
        await stage.until(lambda: stage.state.view.position == 101)
        stage.daemon.say(Reset("other-1"))
        await stage.until(lambda: sum(path == "/v1/snapshot" for _, path, *_ in stage.daemon.calls) == 2)

    stage.run(scenario)


def test_it_starts_before_its_daemon(stage):
    """It waits, says what it dialled, and goes on by itself."""
    stage.daemon.down = "No such file or directory"

    async def scenario(stage):
        await stage.sees("Waiting for the daemon", ADDRESS, "No such file or directory", "sandboxd serve")
        stage.daemon.down = None
        await stage.sees("5 sandboxes", "● live")

    stage.run(scenario)


def test_q_leaves_from_anywhere_at_once(stage):
    """With and without a daemon; exit code 0."""
    stage.daemon.down = "gone"

    async def scenario(stage):
        await stage.sees("Waiting for the daemon")
        await stage.press("q")
        await stage.until(lambda: stage.app._exit)

    stage.run(scenario)
    assert stage.app.return_code == 0


# ---- lists
def test_the_filter_of_cli_and_api_filters_rows(stage):
    """Live, with the mistakes said, kept by Enter and cleared by Escape."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("slash", *"state=started")
        await stage.sees("2 shown", "trial-1")
        assert "migration" not in stage.text
        await stage.press("space", *"tennant=acme")
        await stage.sees("there is no field 'tennant'", "Did you mean 'tenant'?")
        await stage.press("escape")
        await stage.sees("migration", "uat")
        await stage.press("slash", *"tenant=globex", "enter", "down")
        await stage.sees(" tenant=globex", "2 shown", "globex/trial-1")

    stage.run(scenario)


def test_deleted_sandboxes_are_shown_when_asked_for(stage):
    """They are out of the way otherwise."""
    world = stage.daemon.world
    gone = structs.replace(world.sandboxes[0], id="sbx_gone", name="old", state="deleted")
    stage.daemon.world = structs.replace(world, sandboxes=[*world.sandboxes, gone])

    async def scenario(stage):
        await fleet(stage)
        assert "· deleted" not in stage.text
        await stage.press("full_stop")
        await stage.sees("· deleted")

    stage.run(scenario)


def test_sorting_by_cost(stage):
    """By a key, and the other way round."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("o", "o", "o", "o", "o")
        await stage.sees("$/HOUR↓")
        assert _names(stage)[0] == "bank-1"
        await stage.press("O")
        await stage.sees("$/HOUR↑")
        assert _names(stage)[-1] == "bank-1"

    stage.run(scenario)


def test_help_and_palette_come_from_the_registry(stage):
    """What can be done here is what the palette offers."""

    async def scenario(stage):
        await fleet(stage)
        commands = [one.title for one in stage.app.get_system_commands(stage.app.screen)]
        assert "Stop" in commands
        assert "Start" not in commands, "bank-1 is started"
        await stage.press("question_mark")
        await stage.sees("Create a sandbox, for a new tenant too")
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))

    stage.run(scenario)


# ---- the feed by itself
def test_what_cannot_be_understood_is_said_and_tried_again():
    """A daemon of another version ends no dashboard."""

    async def go():
        daemon, said = scripted.ScriptedDaemon(), []
        daemon.answers["GET /v1/snapshot"] = [msgspec.ValidationError("no"), TimeoutError(), scripted.snapshot()]
        state = State(address="/s", read_only=False, ticks=lambda: 0.0)
        feed = Feed(
            backend=daemon, state=state, changed=lambda: said.append(state.link.words), sleep=lambda _: asyncio.sleep(0)
        )
        async with asyncio.timeout(10):
            task = asyncio.create_task(feed.run())
            while not state.live:
                await asyncio.sleep(0)
        task.cancel()
        return said

    said = asyncio.run(go())
    assert any("does not understand" in one for one in said)
    assert any("does not answer" in one for one in said)


def test_questions_are_bounded():
    """The same question is asked once at a time, and not more than a few at once."""

    async def go():
        daemon = scripted.ScriptedDaemon()
        release, began = asyncio.Event(), []

        class Slow:
            async def call(self, op, *, key=None):
                began.append(op.path)
                await release.wait()
                return await daemon.call(op)

        state = State(address="/s", read_only=False, ticks=lambda: 0.0)
        asker = Asker(backend=Slow(), state=state, changed=lambda: None, sleep=lambda _: asyncio.sleep(0))
        for _ in range(3):
            for n in range(20):
                asker.want(f"why {n}", ops.why(f"s{n}"))
        await asyncio.sleep(0)
        first = len(began)
        release.set()
        async with asyncio.timeout(10):
            while asker._tasks:
                await asyncio.sleep(0)
        await asker.close()
        return first, len(began)

    assert asyncio.run(go()) == (8, 16)


def _event(number, kind, **more):
    return things.Event(id=f"{EPOCH}-{number}", seq=number, at=scripted.ago(-5), type=kind, message="m", **more)


def _names(stage):
    return [
        line.split()[1] for line in stage.text.splitlines() if re.search(r"\$\d+\.\d\d$", line) and "●" not in line[:20]
    ]
