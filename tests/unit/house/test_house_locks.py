"""The locks satisfy what pyproject asks for, have a digest for every file, and name nobody's index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUN, GROUPS = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]
BUILD = PROJECT["build-system"]["requires"]
LOCKS = {
    "run": [*RUN, *BUILD],
    "test": [*RUN, *GROUPS["test"], *BUILD],
    "types": [*RUN, *GROUPS["types"]],
    "lint": GROUPS["lint"],
    "nox": ["nox"],
    "envoy": GROUPS["envoy"],
}


def text_of(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def pins_of(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text_of(name), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_satisfies_pyproject(name):
    """Every requirement is pinned to a version that it allows."""
    pins = pins_of(name)
    asked = [Requirement(one) for one in LOCKS[name]]
    assert [str(one) for one in asked if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0"))] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_file_has_a_digest_and_no_place(name):
    """Digests only; no index, no folder of the machine that made the lock, no option."""
    entries = re.split(r"^(?=[a-z0-9])", text_of(name), flags=re.MULTILINE)
    pinned = [one for one in entries if "==" in one.partition("\n")[0]]
    assert len(pinned) == len(pins_of(name)) > 0
    assert [one for one in pinned if "--hash=sha256:" not in one] == []
    assert re.findall(r"://|^-|/tmp|/work|/opt", text_of(name), re.MULTILINE) == []


def test_locks_agree():
    """A package that several locks name has one version."""
    versions: dict[str, set[str]] = {}
    for name in LOCKS:
        for package, version in pins_of(name).items():
            versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_every_lock_is_known():
    """No file in requirements/ that no session uses."""
    assert sorted(path.stem for path in (ROOT / "requirements").iterdir()) == sorted(LOCKS)
