"""Text from outside never reaches the terminal raw, is never read as markup, and no widget is told to read markup."""

import re
import unicodedata
from pathlib import Path

import pytest

import tui
from tui.screens.fleet import Fleet
from tui.scripted import BANK_2

SOURCES = sorted(Path(tui.__file__).parent.rglob("*.py"))


def dangerous(text):
    return {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}


async def _check(stage):
    await stage.settled()
    assert dangerous(stage.text) == set()
    assert "\u0301" * 4 not in stage.text


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_every_screen_is_clean(stage, hostile, size):
    """All lists, all parts of a sandbox, the dialogs, refusals and the banner, with hostile words everywhere."""
    stage.daemon = hostile.daemon()
    stage.app._backend = stage.app._feed._backend = stage.app._asker._backend = stage.daemon
    stage.state.address = hostile.EVIL

    async def scenario(stage):
        await stage.sees("Sandboxes 5")
        await stage.until(lambda: stage.state.profiles)
        for key in "12345":
            await stage.press(key)
            await _check(stage)
        await stage.press("1")
        stage.app.open_sandbox(BANK_2)
        await stage.until(lambda: BANK_2 in stage.state.whys and BANK_2 in stage.state.full)
        for key in "123v4":
            await stage.press(key)
            await _check(stage)
        await stage.press("p")
        await stage.sees("It is shown once")
        await _check(stage)
        await stage.press("y")
        await stage.sees("y copies it")
        await _check(stage)
        await stage.press("escape", "escape")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))
        stage.app.perform("stop", stage.app.screen.context())
        await stage.sees("Machines are shut down")
        await _check(stage)
        await stage.press("y")
        await stage.sees("✗")
        await _check(stage)
        await stage.press("escape")
        await stage.until(lambda: isinstance(stage.app.screen, Fleet))
        await stage.press("n")
        await stage.sees("New sandbox")
        await _check(stage)
        await stage.press("escape")
        stage.daemon.say(("down", hostile.EVIL))
        await stage.sees("The daemon is away")
        await _check(stage)

    text = stage.run(scenario, size)
    assert "\\x1b]52" in text, "it is shown, escaped"


def test_words_of_others_are_no_markup(stage, hostile):
    """Brackets are brackets."""
    stage.daemon = hostile.daemon()
    stage.app._backend = stage.app._feed._backend = stage.app._asker._backend = stage.daemon

    async def scenario(stage):
        await stage.sees("Sandboxes 5")
        await stage.press("5")
        await stage.sees("[b]x[/b]")

    stage.run(scenario, (160, 48))


MARKUP = re.compile(r"\b(?:Static|Label|notify)\(")


def test_no_widget_reads_markup():
    """Whoever shows text says `markup=False`; buttons and placeholders are our own words."""
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for found in MARKUP.finditer(text):
            if text[: found.start()].rstrip().endswith("class " + text[found.start() : found.end() - 1]):
                continue
            line = text[text.rfind("\n", 0, found.start()) + 1 : text.find("\n", found.end())]
            if line.lstrip().startswith("class "):
                continue
            assert "markup=False" in line, f"{path.name}: {line.strip()}"
        assert "from_markup" not in text
        for base in re.findall(r"class \w+\((?:Static)\b.*?(?=\nclass |\Z)", text, flags=re.DOTALL):
            assert "markup=False" in base, path.name
