"""Nodes in the making: what the parts of a blueprint are written with. Pure.

Keys and names follow from who owns a resource; the specs of kinds come in from outside.
"""

from collections.abc import Mapping
from typing import Any

from sandboxd.model.keys import SHARED, Key, is_shared, make_key
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Node


class Draft:
    """Nodes in the making: each stands on earlier ones only."""

    def __init__(self, *, kinds: Mapping[str, KindSpec], region: str, sandbox: str, names: dict[str, str]) -> None:
        """`names`: `shared` (the stage), `own` (the sandbox), and for what people reach, `tenant` and `domain`."""
        self._kinds, self._region, self._sandbox, self._names = kinds, region, sandbox, names
        self.nodes: list[Node] = []

    def key(self, name: str, *, shared: bool) -> Key:
        """The key of a resource by its name."""
        return make_key(self._region, SHARED if shared else self._sandbox, name)

    @staticmethod
    def is_shared(key: Key) -> bool:
        """Whether several sandboxes may stand on it."""
        return is_shared(key)

    @property
    def people(self) -> dict[str, str]:
        """Whose part of something shared it is, in words and by id."""
        return {"sandbox": self._sandbox, "tenant": self._names.get("tenant", ""), "name": self._names["own"]}

    def host(self, route: str) -> str:
        """The name under which a route answers."""
        return f"{route}-{self._names['own']}.{self._names.get('tenant', '')}.{self._names.get('domain', '')}".lower()

    def path(self, name: str) -> str:
        """Where a value of this sandbox is kept; without a name, where all of them are."""
        return f"/sandboxd/{self._names['shared']}/{self._sandbox}/{name}"

    def add(
        self,
        kind: str,
        name: str,
        /,
        *,
        shared: bool,
        links: Mapping[str, tuple[Key, ...]] | None = None,
        **parameters: Any,
    ) -> Key:
        """Add the node of one resource; what plays its roles was added before. Return its key."""
        key = self.key(name, shared=shared)
        spec = self._kinds[kind]
        named = {} if kind in _NAMELESS else {"name": self._name(kind, name, shared=shared)}
        self.nodes.append(spec.node(key, dict(links or {}), **(named | parameters)))
        return key

    def once(self, kind: str, name: str, /, **parameters: Any) -> Key:
        """Add the node of a shared resource unless it was added before. Return its key."""
        key = self.key(name, shared=True)
        if any(node.key == key for node in self.nodes):
            return key
        return self.add(kind, name, shared=True, **parameters)

    def _name(self, kind: str, name: str, *, shared: bool) -> str:
        if kind in _OF_THE_ACCOUNT:
            return f"sandboxd-{self._names['shared']}-{self._region}-machines"
        if kind in _SHORT:
            owner = self._names["shared"] if shared else f"sbx-{self._sandbox[-_SUFFIX:].lower()}"
            return f"{owner}-{name}"[:_LONGEST].rstrip("-")
        return f"{self._names['shared' if shared else 'own']}-{name}"


_SHORT = ("load-balancer", "target-group")
"""whose names hold few characters, and no underscore"""
_LONGEST, _SUFFIX = 32, 12
_OF_THE_ACCOUNT = ("instance-role", "instance-profile")
"""named so that all regions of an account have names of their own; a profile and its role have the same"""
_NAMELESS = (
    "route", "route-table-association", "security-group-rule", "image-share", "key-grant", "repository-share",
)  # fmt: skip
