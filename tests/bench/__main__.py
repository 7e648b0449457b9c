"""`python -m tests.bench [name …]`: runs every benchmark, prints a table, writes build/bench.json; exit 1 over a limit."""

import importlib
import json
import sys
from pathlib import Path


def main() -> int:
    """Run them."""
    folder = Path(__file__).parent
    names = [path.stem for path in sorted(folder.glob("bench_*.py"))]
    wanted = [name for name in names if not sys.argv[1:] or name.removeprefix("bench_") in sys.argv[1:]]
    rows = [one for name in wanted for one in importlib.import_module(f"tests.bench.{name}").run()]
    width = max(len(one["name"]) for one in rows)
    for one in rows:
        limit = "" if one["limit"] is None else f"≤ {one['limit']:g}"
        verdict = "" if one["limit"] is None else "ok" if one["ok"] else "OVER"
        print(
            f"{one['name']:<{width}}  {one['value']:>10.3f} {one['unit']:<14} {limit:<8} {verdict:<5} {one['compared_with']}"
        )
    build = Path("build")
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(json.dumps(rows, indent=2) + "\n")
    return 0 if all(one["ok"] for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
