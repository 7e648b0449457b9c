"""Where profiles are: a file by its path, `profiles.dir`, then the packaged ones, from a wheel or a checkout alike."""

import difflib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from sandboxd.model.errors import BadRequest, NotFound
from sandboxd.model.profile import Profile
from sandboxd.profile.check import mistakes_of
from sandboxd.toml import Places, TomlError, decode, read_text


def packaged() -> Path:
    """The folder of the packaged profiles."""
    package = Path(str(files("sandboxd")))
    inside = package / "profiles"
    return inside if inside.is_dir() else package.parent / "profiles"


def available(dirs: Sequence[Path]) -> dict[str, Path]:
    """Name -> file of every profile; the first folder counts."""
    out: dict[str, Path] = {}
    for folder in (*dirs, packaged()):
        if folder.is_dir():
            for path in sorted(folder.glob("*.toml")):
                out.setdefault(path.stem, path)
    return out


def load(name: str, dirs: Sequence[Path] = ()) -> Profile:
    """A profile by name, or by the path of its file; raise NotFound, or BadRequest with every mistake."""
    path = Path(name) if name.endswith(".toml") or "/" in name else available(dirs).get(name)
    if path is None or not path.exists():
        known = available(dirs)
        near = difflib.get_close_matches(name, list(known), n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        raise NotFound("profile_not_found", f"There is no profile {name!r}.", hint)
    try:
        return load_file(path)
    except TomlError as error:
        hint = f"`sandboxd profile check {path}` shows where."
        raise BadRequest("profile_invalid", f"The profile {name!r} cannot be used: {error}", hint) from error


def load_file(path: Path) -> Profile:
    """The profile in a file; raise TomlError with every mistake. A file that has not changed is not read again."""
    try:
        found = path.stat()
    except OSError:
        return _read(path)
    return _known(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=64)
def _known(path: Path, *_: int) -> Profile:
    return _read(path)


def _read(path: Path) -> Profile:
    text = read_text(path)
    profile = decode(text, Profile, str(path))
    if mistakes := mistakes_of(profile, Places(text), str(path)):
        raise TomlError(mistakes)
    return profile
