"""What people see of the stream: steps, a daemon that goes and comes back, filters, sorting and help."""

import asyncio
import re

import msgspec
from msgspec import structs

from sandboxd.client import ops
from sandboxd.client.errors import DaemonDown
from sandboxd.client.sse import Reset
from sandboxd.wire import things
from tui import scripted
from tui.feed import Asker, Feed
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
    await stage.sees("5 sandboxes", "100/115")


# ---- create
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
        await stage.sees("Steps 100/115", "desktop-fleet  start")
        fleet_ = next(one for one in scripted.creation() if one.kind == "appstream-fleet" and one.state == "waiting")
        done = structs.replace(fleet_, state="done", ended_at=scripted.ago(-5))
        stage.daemon.answers["GET /v1/operations/op_create"] = structs.replace(
            stage.state.view.operations["op_create"],
            steps=[done if one.id == fleet_.id else one for one in scripted.creation()],
        )
        stage.daemon.say(_event(101, "step.done", operation_id="op_create", data={"step": msgspec.to_builtins(done)}))
        await stage.sees("Steps 101/115")
        await stage.until(lambda: "desktop-fleet  start" not in stage.text)
        await stage.press("v")
        await stage.sees("Steps 101/115", "v stages")

    stage.run(scenario)


def test_the_cursor_follows_until_a_person_moves_it(stage):
    """Then it stays, and f follows again."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "enter")
        await stage.sees("following", "waf-assoc  create web-acl-association, backing-off")
        await stage.press("j")
        await stage.sees("f follows", "desktop-fleet  start appstream-fleet, waiting")
        await stage.press("f")
        await stage.sees("following", "waf-assoc  create web-acl-association, backing-off")

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


def test_trouble_of_the_daemon_is_told_as_long_as_it_lasts(stage):
    """What a snapshot said when the daemon had just begun is not true for ever."""
    trouble = "the organization has not been read yet"
    bad = things.Health(status="degraded", version="0.1.0", since=scripted.NOW, stage="dev", reasons=[trouble])
    stage.daemon.world = structs.replace(stage.daemon.world, degraded=trouble)
    stage.daemon.answers["GET /v1/health"] = bad

    async def scenario(stage):
        await stage.sees("Nothing is changed in AWS at the moment", trouble)
        del stage.daemon.answers["GET /v1/health"]
        await stage.until(lambda: "Nothing is changed" not in stage.text)

    stage.run(scenario, (120, 40))
