"""How the unknown outcome of every mutation is resolved, as data: what the page docs/durability.md is made from.

Each way has evidence that lives for a while, and a last resort for when it is gone. The engine carries these out in
`step.py`, `refusals.py` and `lower.py`; a test compares this table with the kinds, and disturbs every operation in it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from sandboxd.aws.kind import Kind, Move, Resolution
from sandboxd.model.keys import SHARED, make_key
from sandboxd.model.resource import Way

WAYS: Final[tuple[Way, ...]] = ("raise", "rebind", "lower")


class Resolving(Struct, frozen=True):
    """One way of finding out what became of a call."""

    how: str
    evidence: str
    """how long it can be seen"""
    last: str
    """what is done when it cannot be seen any more"""


RESOLUTIONS: Final[dict[Resolution, Resolving]] = {
    "token": Resolving(
        "the same bytes with the same client token: AWS answers with what the first call made",
        "the token: a day or more in EC2; we trust it for 6 h",
        "a complete look by our tags: found is adopted, nothing there was never made, and the next generation has a fresh token",
    ),
    "name": Resolving(
        "the same bytes: a duplicate is looked up by what is unique about it, and its tags or content say whose it is",
        "the name, for as long as the thing exists",
        "what is not there is made by the very repeat that asks",
    ),
    "tags": Resolving(
        "never sent again: looked up by our authenticated tags until the settle time has passed",
        "the tags, for as long as the thing exists",
        "nothing by then proves nothing was made; the account is listed once more after the watch time, and a late one removed",
    ),
    "comment": Resolving(
        "never sent again: looked up by our authenticated mark in its comment until the settle time has passed",
        "the comment, for 30 days",
        "nothing by then proves nothing was sent; should it come later, a lock on the machine lets only one of both run",
    ),
    "repeat": Resolving(
        "the same bytes: it changes nothing twice, and reads tell when it has come true",
        "the id, which AWS never gives to another thing; IAM's name, whose next life waits until this call can no longer land",
        "not found is believed of what was seen before, and of the young after the settle time; its opposite waits for the landing time",
    ),
}  # fmt: skip


def moves(kind: Kind) -> list[Move]:
    """Return every mutation of a kind, each operation once."""
    every = (*kind.moves.values(), *_chosen(kind))
    return list({move.operation: move for move in every if move.operation}.values())


def _chosen(kind: Kind) -> Iterator[Move]:
    if kind.choose is None:
        return
    top = len(kind.spec.states)
    for direction in ("egress", "ingress"):
        node = kind.spec.node(make_key("region", SHARED, kind.spec.name), {}, direction=direction)
        steps = ((way, at, to) for way in WAYS for at in range(top) for to in range(top))
        found = (kind.choose(node, way, at, to) for way, at, to in steps)
        yield from (move for move in found if move is not None)


def table(kinds: Iterable[Kind]) -> list[tuple[str, str, Resolution, bool]]:
    """Return (operation, kind, resolution, whether its opposite waits) of every mutation, in order."""
    return [(move.operation, kind.spec.name, move.resolves, move.returns) for kind in kinds for move in moves(kind)]
