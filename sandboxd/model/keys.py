"""Keys name resources inside one account: `<region>/<scope>/<name>`.

The scope is `shared` for what the sandboxes of one region share, otherwise the id of a sandbox. A key is unique
in its account and never reused for another thing; the generation tells its successive lives apart.
"""

from typing import NamedTuple, TypeAlias

Key: TypeAlias = str

SHARED = "shared"
GLOBAL = "global"
ACCOUNT = "account"


class Parts(NamedTuple):
    """The three parts of a key."""

    region: str
    scope: str
    name: str


def make_key(region: str, scope: str, name: str) -> Key:
    """Return the key of one resource."""
    return f"{region}/{scope}/{name}"


def parts(key: Key) -> Parts:
    """Return region, scope and name of a key."""
    region, scope, name = key.split("/", 2)
    return Parts(region, scope, name)


def scope_of(key: Key) -> str:
    """Return `shared` or the id of the sandbox that owns the resource."""
    return key.split("/", 2)[1]


def is_shared(key: Key) -> bool:
    """Whether several sandboxes may stand on it."""
    return scope_of(key) == SHARED


def step_id(key: Key, generation: int, state: str) -> str:
    """Return the id of a step: the same in every operation that waits for it."""
    return f"{key}#{generation}:{state}"


def extra_key(key: Key, identifier: str) -> Key:
    """Return the key of a thing that bears the tags of `key` and is not the one that has it: a double, or a part left over."""
    return f"{key}~{identifier}"


def is_extra(key: Key) -> bool:
    """Whether it names such a thing: desired by nobody, removed, then forgotten."""
    return "~" in key
