"""What a person does to get into a sandbox: addresses, a secret once, a desktop; and groups of steps that open."""

import asyncio

import pytest

from sandboxd.wire import things
from tui import scripted
from tui.screens.detail import Detail
from tui.screens.reveal import Reveal

REFUSAL = things.Problem(
    type="about:blank",
    title="t",
    status=409,
    code="sandbox_exists",
    detail="The sandbox is stopped.",
    hint="Start it first.",
)


def sent(stage):
    return [(method, path) for method, path, *_ in stage.daemon.writes]


async def fleet(stage):
    await stage.sees("5 sandboxes", "100/115")


# ---- ways in
SECRET = "correct-horse-battery-staple"


def asked(stage, part):
    return [path for _, path, *_ in stage.daemon.calls if part in path]


async def started(stage):
    await fleet(stage)
    await stage.press("enter")
    await stage.sees("answers", "Access 6")


def test_a_secret_is_shown_once_after_a_question(stage):
    """Asked for once, copied on demand, and nowhere any more when the dialog is closed."""

    async def scenario(stage):
        await started(stage)
        await stage.press("p")
        await stage.sees("Choose a secret", "database-password")
        await stage.press("down", "enter")
        await stage.sees("Show database-password of acme/bank-1?")
        assert asked(stage, "/credentials/") == []
        await stage.press("y")
        await stage.sees(SECRET, "y copies it")
        await stage.press("y")
        await stage.sees("copied")
        assert stage.app.clipboard == SECRET
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, Detail))
        assert SECRET not in stage.text
        assert not any(SECRET in repr(one) for one in (vars(stage.state), vars(stage.app.screen)))

    stage.run(scenario)
    bank = scripted.snapshot().sandboxes[0].id
    assert asked(stage, "/credentials/") == [f"/v1/sandboxes/{bank}/credentials/database-password"]
    assert sent(stage) == []


def test_esc_asks_for_no_secret(stage):
    """Nothing is asked, so that nothing is told as an event."""

    async def scenario(stage):
        await started(stage)
        await stage.press("4", "end", "up", "enter")
        await stage.sees("Show database-password of acme/bank-1?")
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, Detail))

    stage.run(scenario)
    assert asked(stage, "/credentials/") == []


def test_a_desktop_is_one_key_and_one_question(stage):
    """Its URL, and until when it lets in; asked for once, however often y is pressed."""

    async def scenario(stage):
        await started(stage)
        await stage.press("w")
        await stage.sees("A way into the desktop of acme/bank-1?")
        stage.daemon.gate = asyncio.Event()
        await stage.press("y", "y", "y")
        await stage.sees("asking")
        stage.daemon.gate.set()
        await stage.sees("https://appstream2.example/", "It lets in until 15:02:07 UTC.")

    stage.run(scenario)
    assert len(asked(stage, "/desktop")) == 1


def test_a_refused_way_in_says_why_and_what_to_do(stage):
    """The dialog stays; asking again is possible."""
    bank = scripted.snapshot().sandboxes[0].id
    stage.daemon.answers[f"POST /v1/sandboxes/{bank}/desktop"] = REFUSAL

    async def scenario(stage):
        await started(stage)
        await stage.press("w", "y")
        await stage.sees("The sandbox is stopped.", "Start it first.")
        assert isinstance(stage.app.screen, Reveal)
        stage.daemon.answers.clear()
        await stage.press("y")
        await stage.sees("https://appstream2.example/")

    stage.run(scenario)
    assert len(asked(stage, "/desktop")) == 2


@pytest.mark.parametrize("keys", [["p"], ["w"], ["4", "end", "enter"], ["4", "end", "up", "enter"]])
def test_a_reader_sees_no_secret_and_no_desktop(stage, keys):
    """Not even a question: he is told why."""
    stage.daemon.role = "read"

    async def scenario(stage):
        await stage.sees("READ-ONLY", "100/115")
        await stage.press("enter")
        await stage.sees("answers", "Access 6")
        await stage.press(*keys)
        await stage.sees("user maria may only read")
        assert isinstance(stage.app.screen, Detail)

    stage.run(scenario)
    assert asked(stage, "/credentials/") == asked(stage, "/desktop") == []


def test_a_group_opens_and_closes_where_the_cursor_is(stage):
    """And following ends: a person looks around."""

    async def scenario(stage):
        await fleet(stage)
        await stage.press("down", "enter")
        await stage.sees("following", "banking-apis  install constellation")
        await stage.press("end", "enter")
        await stage.sees("f follows", "▾ Checks")
        await stage.press("end")
        await stage.sees("waits for", "·    database  check")
        await stage.press("k", "k", "space")
        await stage.until(lambda: "▾ Checks" not in stage.text)

    stage.run(scenario)
