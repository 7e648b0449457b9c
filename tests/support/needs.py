"""Programs that a test needs beside Python: where one is missing the test is skipped with how to install it.

Under `CI=true` that is a failure: what CI does not run, nobody knows.
"""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

PACKAGES = {"curl": "curl", "tmux": "tmux", "flock": "util-linux", "base64": "coreutils", "timeout": "coreutils"}
"""program -> Debian's package of it"""
WHEELS = {"envoy": ("envoy", "_bin/envoy", "pip install -r requirements/envoy.txt")}
"""program -> the Python package that brings it, where in it, and how to install it"""


def need(program: str) -> str:
    """The path of a program; skip or fail the test where it is missing."""
    if (path := _in_wheel(program) or shutil.which(program)) is not None:
        return path
    how = WHEELS[program][2] if program in WHEELS else f"apt-get install {PACKAGES.get(program, program)}"
    text = f"needs the program {program}: {how}"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{text} (a skip is a failure under CI)")
    pytest.skip(text)


def _in_wheel(program: str) -> str | None:
    """The program itself, not the Python script that starts it: a child that is killed must be the program."""
    package, path, _ = WHEELS.get(program, ("", "", ""))
    found = importlib.util.find_spec(package) if package else None
    if found is None or not found.submodule_search_locations:
        return None
    program_file = Path(next(iter(found.submodule_search_locations))) / path
    return str(program_file) if program_file.is_file() else None
