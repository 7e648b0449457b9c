"""Draws the picture of the dashboard for the README, from the scripted scene: `python -m tui.picture OUT.svg [fleet]`.

The same bytes every time: its clock stands still, and nothing in the picture is fetched from anywhere.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from tui.dashboard import Dashboard
from tui.scripted import ADDRESS, BANK_2, ScriptedDaemon
from tui.state import State

SIZE: Final = (120, 42)
_PATIENCE: Final = 20.0


async def draw(scene: str = "detail") -> str:
    """Return the picture of a scene, `detail` or `fleet`, as SVG."""
    state = State(address=ADDRESS, read_only=False, ticks=lambda: 0.0)
    app = Dashboard(state=state, backend=ScriptedDaemon())
    async with app.run_test(size=SIZE) as pilot, asyncio.timeout(_PATIENCE):
        while not state.live or not any(one.steps for one in state.view.operations.values()):
            await pilot.pause(0.05)
        if scene == "detail":
            app.open_sandbox(BANK_2)
            while BANK_2 not in state.whys or BANK_2 not in state.full:
                await pilot.pause(0.05)
        else:
            await pilot.press("down")
        await pilot.pause(0.3)
        return plain(app.export_screenshot(title="sandboxd", simplify=True))


def plain(svg: str) -> str:
    """Without names that change from run to run, and with the reader's own font."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "t-", svg)
    return svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace").replace(
        "Fira Code", "ui-monospace"
    )


def main(argv: list[str]) -> int:
    """Write the picture."""
    if not argv:
        print("usage: python -m tui.picture OUT.svg [fleet]", file=sys.stderr)
        return 2
    Path(argv[0]).write_text(asyncio.run(draw(*argv[1:2])), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
