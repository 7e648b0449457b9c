"""The wheel is whole: both packages and the profiles, found from it as from the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIND = "from sandboxd.profile.load import available, load; print(*sorted(load(n).name for n in available([])))"
NAMES = sorted(path.stem for path in (ROOT / "profiles").glob("*.toml"))


def run(*argv: str, cwd: Path, **env: str) -> str:
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--no-input", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index")
    run(*pip, "-w", str(folder), str(ROOT), cwd=folder, PATH="/usr/bin:/bin", HOME=str(folder))
    return next(folder.glob("sandboxd-*.whl"))


def test_the_wheel_has_both_packages_and_the_profiles(wheel):
    """And nothing else: no tests, no docs."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"sandboxd", "tui"}
    for name in NAMES:
        assert f"sandboxd/profiles/{name}.toml" in names
    source = {path.relative_to(ROOT).as_posix() for top in sorted(tops) for path in (ROOT / top).rglob("*.py")}
    assert source <= set(names)
    styles = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tui").rglob("*.tcss")}
    assert styles <= set(names)


def test_profiles_are_found_from_the_wheel(wheel, tmp_path):
    """Unpacked somewhere, with the checkout out of sight."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = f"import sandboxd; assert sandboxd.__file__.startswith({str(tmp_path)!r}); {FIND}"
    assert run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(tmp_path / "site")).split() == NAMES


def test_profiles_are_found_from_an_editable_install(tmp_path):
    """As a developer has it, from any folder."""
    assert run(sys.executable, "-c", FIND, cwd=tmp_path).split() == NAMES
