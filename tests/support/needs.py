"""Programs that a test needs beside Python: where one is missing the test is skipped with how to install it.

Under `CI=true` that is a failure: what CI does not run, nobody knows.
"""

import os
import shutil

import pytest

PACKAGES = {"curl": "curl", "tmux": "tmux", "flock": "util-linux", "base64": "coreutils", "timeout": "coreutils"}
"""program -> Debian's package of it"""


def need(program: str) -> str:
    """The path of a program; skip or fail the test where it is missing."""
    if (path := shutil.which(program)) is not None:
        return path
    text = f"needs the program {program}: apt-get install {PACKAGES.get(program, program)}"
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"{text} (a skip is a failure under CI)")
    pytest.skip(text)
