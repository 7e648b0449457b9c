"""Kinds of resources: a `KindSpec` says what all resources of one kind have in common, and makes nodes of them.

One file per kind in `aws/kinds/` holds the spec and its calls; the composition root hands a table of specs to
planning, profile and engine, which never import a kind.
"""

from typing import Any

from msgspec import Struct, field

from sandboxd.model.keys import Key
from sandboxd.model.resource import Edge, Need, Node, Usual


class Role(Struct, frozen=True, omit_defaults=True):
    """One way in which resources of a kind stand on others."""

    name: str
    state: int = 1
    """the state of the ground that is needed"""
    at: int = 1
    """from which of the own states on"""
    entry: bool = False
    """only to enter that state, not to hold it"""
    loose: bool = False
    """may dangle and is rebound (PLANNING: routes on gateways, registrations on machines)"""


class KindSpec(Struct, frozen=True, kw_only=True):
    """What the resources of one kind have in common; pure data."""

    name: str
    states: tuple[str, ...] = ("absent", "present")
    roles: tuple[Role, ...] = ()
    edges: tuple[Edge, ...] = ()
    turns: bool = False
    free: bool = False
    permanent: bool = False
    data: bool = False
    skippable: bool = False
    up: dict[int, Usual] = field(default_factory=dict)
    down: dict[int, Usual] = field(default_factory=dict)
    prices: dict[int, str] = field(default_factory=dict)

    def node(self, key: Key, links: dict[str, tuple[Key, ...]], *, patience: float = 0.0, **parameters: Any) -> Node:
        """Return the node of one resource; a role without links is simply not played. Unknown roles raise KeyError."""
        known = {role.name: role for role in self.roles}
        played = [(known[name], keys) for name, keys in links.items()]
        return Node(
            key=key,
            kind=self.name,
            states=self.states,
            edges=self.edges,
            turns=self.turns,
            free=self.free,
            permanent=self.permanent,
            patience=patience,
            data=self.data,
            skippable=self.skippable,
            up=self.up,
            down=self.down,
            prices=self.prices,
            requires=_needs([(r, k) for r, k in played if not r.entry]),
            to_enter=_needs([(r, k) for r, k in played if r.entry]),
            loose=tuple(dict.fromkeys(k for role, keys in played if role.loose for k in keys)),
            links=links,
            parameters=parameters,
        )


def _needs(played: list[tuple[Role, tuple[Key, ...]]]) -> dict[int, tuple[Need, ...]]:
    out: dict[int, tuple[Need, ...]] = {}
    for role, keys in played:
        out[role.at] = (*out.get(role.at, ()), *(Need(key, role.state) for key in keys))
    return out
