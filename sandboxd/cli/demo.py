"""`sandboxd demo`: simulated AWS, daemon and dashboard as three processes under a small supervisor.

A daemon or dashboard that dies is started again at once, and that is said; a dashboard that was killed leaves a sane
terminal. Without `--state-dir` everything lives in a fresh folder that goes at a clean end and is named otherwise.
"""

import signal
import sys
from argparse import Namespace
from typing import Any, NoReturn

from sandboxd.cli.demo_processes import Demo, DemoError
from sandboxd.cli.output import narrate
from sandboxd.cli.words import parameters
from sandboxd.model.errors import BadRequest

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)


def main(arguments: Namespace) -> int:
    """Run the demo with or without a screen."""
    _check(arguments)
    screen = not arguments.headless and sys.stdin.isatty() and sys.stdout.isatty()
    if not screen and not arguments.headless:
        narrate("There is no terminal: the demo runs headless.")
    for ending in _ENDINGS:  # a terminal that closes, a service that stops us: the children end with us
        signal.signal(ending, _interrupted)
    demo = Demo(pace=arguments.pace or (20.0 if screen else 60.0), state_dir=arguments.state_dir)
    clean = False
    try:
        demo.start()
        code = _run(demo, arguments, screen=screen)
        clean = code == 0
    except DemoError as error:
        narrate(f"sandboxd demo: {error}")
        return 1
    finally:
        for ending in (*_ENDINGS, signal.SIGINT):  # the way down is bounded and is walked to its end
            signal.signal(ending, signal.SIG_IGN)
        demo.stop(clean=clean)
    return code


def _check(arguments: Namespace) -> None:
    """Mistakes are told before anything is started."""
    from sandboxd.profile import check_parameters, load

    if arguments.pace is not None and not 0 < arguments.pace <= 10_000:  # noqa: PLR2004 - what two processes can keep up with
        raise BadRequest("pace_invalid", f"{arguments.pace:g} is no pace.", "It is more than 0 and at most 10000.")
    check_parameters(load(arguments.profile), parameters(arguments.set))


def _run(demo: Demo, arguments: Namespace, *, screen: bool) -> int:
    if screen:
        from sandboxd.cli.demo_screen import run as with_screen

        return with_screen(demo, arguments)
    from sandboxd.cli.demo_headless import run as headless

    with demo.watched(narrate):
        return headless(demo, arguments)


def _interrupted(*_: Any) -> NoReturn:
    raise KeyboardInterrupt
