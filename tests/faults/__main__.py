"""`nox -s faults`: runs schedules, prints findings with the command that replays each, and one line of JSON at the end."""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import get_args

import msgspec

from tests.faults.disturb import Losses
from tests.faults.explain import explain
from tests.faults.schedule import Case, Result, schedule


def main(argv: list[str]) -> int:
    """Return 1 on a finding."""
    arguments = _parse(argv)
    case = Case(
        profile=arguments.profile, parameters=dict.fromkeys(arguments.set, True), sandboxes=arguments.sandboxes, faults=not arguments.no_faults,
        losses=arguments.losses, straight=arguments.straight, span=arguments.span, crash_at=arguments.crash_at, depth=arguments.depth,
    )  # fmt: skip
    if arguments.explain:
        result = schedule(arguments.seed, case)
        explain(result)
        return bool(result.findings)
    results = []
    for seed in _seeds(arguments):
        results.append(result := schedule(seed, case))
        result.entries = []
        for finding in result.findings:
            print(f"seed {seed}: {finding}\n    {_replay(seed, argv)}", flush=True)
    print(msgspec.json.encode(_summary(results)).decode())
    return any(result.findings for result in results)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s faults --", description="Fault schedules.")
    parser.add_argument("--seeds", default="1-100", help="A-B: these seeds (default 1-100)")
    parser.add_argument("--seed", type=int, help="one seed")
    parser.add_argument("--profile", default="trial")
    parser.add_argument("--set", action="append", default=[], metavar="NAME", help="a boolean parameter that is true")
    parser.add_argument("--sandboxes", type=int, default=1)
    parser.add_argument("--span", choices=("brief", "long"), default="brief", help="how long everything goes wrong")
    parser.add_argument(
        "--losses",
        nargs="?",
        const="machines",
        choices=get_args(Losses),
        help="what somebody else takes away (default machines)",
    )
    parser.add_argument("--no-faults", action="store_true", help="crashes only")
    parser.add_argument("--straight", action="store_true", help="create, stop, start, delete, each to its end")
    parser.add_argument("--crash-at", type=int, metavar="N", help="one crash, at the Nth point")
    parser.add_argument("--depth", choices=("calls", "wire"), default="calls")
    parser.add_argument("--explain", action="store_true", help="with --seed: what happened, as a timeline")
    return parser.parse_args(argv)


def _seeds(arguments: argparse.Namespace) -> Iterator[int]:
    if arguments.seed is not None:
        return iter((arguments.seed,))
    first, _, last = arguments.seeds.partition("-")
    return iter(range(int(first), int(last or first) + 1))


def _replay(seed: int, argv: list[str]) -> str:
    kept = [word for n, word in enumerate(argv) if word != "--seeds" and (n == 0 or argv[n - 1] != "--seeds")]
    return " ".join(["nox -s faults --", f"--seed {seed}", *kept, "--explain"])


def _summary(results: list[Result]) -> dict[str, object]:
    kinds = Counter(finding.partition(":")[0] for result in results for finding in result.findings)
    digest = hashlib.sha256("".join(result.trace for result in results).encode()).hexdigest()
    return {
        "seeds": len(results),
        **{name: kinds[name] for name in ("leaked", "doubled", "lost")},
        "crashes": sum(result.crashes for result in results),
        "faults": sum(sum(result.faults.values()) for result in results),
        "calls": sum(result.calls for result in results),
        "cpu_seconds": round(sum(result.seconds for result in results), 3),
        "trace": digest,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
