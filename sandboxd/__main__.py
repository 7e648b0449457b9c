"""The front door: one executable for daemon, CLI, dashboard and simulator.

Every branch imports inside its function, so that `--help` and `list` start fast. The only importer of the dashboard.
"""

import sys


def main() -> int:
    """Dispatch on the first word; everything but the long-running programs is the CLI's."""
    argv = sys.argv[1:]
    run = {"serve": _serve, "simulator": _simulator, "tui": _tui}.get(argv[0] if argv else "")
    return run(argv[1:]) if run is not None else _cli(argv)


def _serve(argv: list[str]) -> int:
    from sandboxd.daemon.main import main as run

    return run(argv)


def _simulator(argv: list[str]) -> int:
    from sandboxd.simulator.main import main as run

    return run(argv)


def _tui(argv: list[str]) -> int:
    from tui.app import main as run

    return run(argv)


def _cli(argv: list[str]) -> int:
    from sandboxd.cli.main import main as run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
