"""How the dashboard looks, as text, in the sizes that people have."""

import asyncio

import pytest
from msgspec import structs

from tui.scripted import BANK_2

SMALL, WIDE = (80, 24), (120, 40)
SIZES = [pytest.param(SMALL, id="80x24"), pytest.param(WIDE, id="120x40")]


async def _fleet(stage):
    await stage.sees("5 sandboxes", "100/115")
    await stage.settled()


async def _detail(stage):
    await _fleet(stage)
    stage.app.open_sandbox(BANK_2)
    await stage.sees("constellation banking-apis: waits", "Resources 10")
    await stage.settled()


def _name(what, size):
    return f"{what}-{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES)
def test_fleet(stage, snapshot, size):
    """Everything at a glance."""
    snapshot(_name("fleet", size), stage.run(_fleet, size))


@pytest.mark.parametrize("size", SIZES)
def test_detail(stage, snapshot, size):
    """A sandbox that is being created: why it waits, and the graph of its steps."""
    snapshot(_name("detail", size), stage.run(_detail, size))


@pytest.mark.parametrize("size", SIZES)
def test_create(stage, snapshot, size):
    """The form with its plan."""

    async def scenario(stage):
        await _fleet(stage)
        await stage.press("n")
        await stage.write("bank-3")
        await stage.sees("115 steps")
        await stage.settled()

    snapshot(_name("create", size), stage.run(scenario, size))


@pytest.mark.parametrize("size", SIZES)
def test_away(stage, snapshot, size):
    """The daemon is away: what was known stays, and it is said since when."""

    async def scenario(stage):
        await _fleet(stage)
        stage.daemon.down = "Connection refused"
        stage.daemon.say(("down", "Connection refused"))
        await stage.sees("The daemon is away")
        stage.ticks = 42.0
        await stage.sees("away for 42s")
        await stage.settled()

    snapshot(_name("away", size), stage.run(scenario, size))


def test_failed(stage, snapshot):
    """What failed says on what."""

    async def scenario(stage):
        await _fleet(stage)
        await stage.press("down", "down", "down", "enter")
        await stage.sees("because")
        await stage.settled()

    snapshot("failed-80x24", stage.run(scenario))


@pytest.mark.parametrize(("tab", "name"), [("2", "tenants"), ("3", "accounts"), ("4", "operations"), ("5", "events")])
def test_other_lists(stage, snapshot, tab, name):
    """The other lists."""

    async def scenario(stage):
        await _fleet(stage)
        await stage.press(tab)
        await stage.settled()

    snapshot(f"{name}-80x24", stage.run(scenario))


def test_resources(stage, snapshot):
    """Resources with the ids of AWS."""

    async def scenario(stage):
        await _detail(stage)
        await stage.press("2")
        await stage.sees("subnet-0f3a5b21c7d94e680")
        await stage.settled()

    snapshot("resources-80x24", stage.run(scenario))


def test_graph(stage, snapshot):
    """The steps as a graph, the cursor still on the step that it was on."""

    async def scenario(stage):
        await _detail(stage)
        await stage.press("j", "v")
        await stage.sees("v stages")
        await stage.settled()

    snapshot("graph-80x24", stage.run(scenario))


@pytest.mark.parametrize("size", SIZES)
def test_started(stage, snapshot, size):
    """A sandbox that runs: where it answers, what it costs, and how to get in."""

    async def scenario(stage):
        await _fleet(stage)
        await stage.press("enter")
        await stage.sees("answers", "Access 6")
        await stage.press("4")
        await stage.sees("database-password")
        await stage.settled()

    snapshot(_name("started", size), stage.run(scenario, size))


def test_delete(stage, snapshot):
    """Deleting asks for the name, and says what it does."""

    async def scenario(stage):
        await _fleet(stage)
        await stage.press("d")
        await stage.sees("97 steps")
        await stage.settled()

    snapshot("delete-80x24", stage.run(scenario))


def test_waiting(stage, snapshot):
    """No daemon yet: what was dialled, what came back, what to do."""
    stage.daemon.down = "No such file or directory"

    async def scenario(stage):
        await stage.sees("Waiting for the daemon", "No such file or directory")
        # tries go on: only what does not count them is compared
        await asyncio.sleep(0)

    text = stage.run(scenario)
    snapshot("waiting-80x24", "\n".join(line for line in text.splitlines() if "so far" not in line) + "\n")


def test_empty(stage, snapshot):
    """Nothing is there yet: what to do first."""
    stage.daemon.world = structs.replace(stage.daemon.world, sandboxes=[], operations=[], tenants=[])

    async def scenario(stage):
        await stage.sees("No sandboxes yet", "dev")
        await stage.settled()

    snapshot("empty-80x24", stage.run(scenario))


def test_help(stage, snapshot):
    """The page of keys."""

    async def scenario(stage):
        await _fleet(stage)
        await stage.press("question_mark")
        await stage.sees("esc closes this page")
        await stage.settled()

    snapshot("help-120x40", stage.run(scenario, WIDE))


def test_tiny(stage, snapshot):
    """A very small terminal shows what matters."""
    snapshot("fleet-60x12", stage.run(_fleet_tiny, (60, 12)))


async def _fleet_tiny(stage):
    await stage.sees("initializing", "dev")
    await stage.settled()
