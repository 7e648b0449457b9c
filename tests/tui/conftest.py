"""Drives the dashboard without a terminal: a scripted daemon, a clock that is moved by hand, and the screen as text.

The tests are plain functions with a loop of their own, so that the suite's Trio never sees them.
"""

import asyncio
import os
import runpy
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from tui.dashboard import Dashboard
from tui.scripted import ADDRESS, ScriptedDaemon
from tui.state import State

PATIENCE = 12.0


class Stage:
    """A dashboard in a test: what it knows, what it asked, and how it looks."""

    def __init__(self, *, read_only: bool = False) -> None:
        self.ticks = 0.0
        self.daemon = ScriptedDaemon()
        self.state = State(address=ADDRESS, read_only=read_only, ticks=lambda: self.ticks)
        self.app = Dashboard(state=self.state, backend=self.daemon, sleep=self._sleep)
        self.pilot: Pilot[Any]

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.02))

    @property
    def text(self) -> str:
        """The screen."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(part.text for part in line).rstrip() for line in lines).rstrip() + "\n"

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something is so, as it shows in the state or on the screen."""
        async with asyncio.timeout(PATIENCE):
            try:
                while not condition():
                    await self.pilot.pause(0.02)
            except asyncio.CancelledError:
                print(f"waited for {what or condition}; the screen:\n{self.text}")
                raise

    async def sees(self, *words: str) -> None:
        """Wait until all of this stands on the screen."""
        await self.until(lambda: all(word in self.text for word in words), f"{words}")

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def write(self, text: str) -> None:
        """Type a text."""
        await self.pilot.press(
            *(
                "minus" if char == "-" else "at" if char == "@" else "full_stop" if char == "." else char
                for char in text
            )
        )

    async def settled(self) -> None:
        """Wait until the screen says the same twice."""
        before = ""
        while before != self.text:
            before = self.text
            await self.pilot.pause(0.15)

    def run(self, scenario: Callable[["Stage"], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> str:
        """Run a scenario; return the screen at its end."""

        async def go() -> str:
            async with self.app.run_test(size=size, notifications=True) as self.pilot:
                await scenario(self)
                return self.text

        return asyncio.run(go())


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a screen with the one that was looked at and kept; `SNAPSHOTS=write` keeps a new one."""

    def check(name: str, text: str) -> None:
        path = Path(request.path).parent / "snapshots" / f"{name}.txt"
        if os.environ.get("SNAPSHOTS") == "write":
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no {path.name}: run with SNAPSHOTS=write, and look at it"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def hostile() -> SimpleNamespace:
    """The daemon that says only hostile things; `path` is its program."""
    path = Path(__file__).with_name("hostile.py")
    return SimpleNamespace(path=path, **{k: v for k, v in runpy.run_path(str(path)).items() if not k.startswith("__")})
