"""No file over 400 lines, no function over 60: what grows beyond is not one idea any more. Run by `nox -s lint`."""

import ast
import sys
from pathlib import Path

MOST_LINES, MOST_IN_FUNCTION = 400, 60


def main() -> int:
    """Print what is too large; return 1 if anything is."""
    bad = []
    paths = [path for folder in ("sandboxd", "tui", "tests", "docs") for path in sorted(Path(folder).rglob("*.py"))]
    for path in [*paths, Path("noxfile.py")]:
        text = path.read_text("utf-8")
        if (lines := text.count("\n")) > MOST_LINES:
            bad.append(f"{path}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MOST_IN_FUNCTION:
                    bad.append(f"{path}:{node.lineno}: {node.name} has {length} lines")
    print("\n".join(bad) or "sizes are fine")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
