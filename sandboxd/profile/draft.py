"""Nodes in the making: what the parts of a blueprint are written with. Pure.

Keys and names follow from who owns a resource; the specs of kinds come in from outside.
"""

from collections.abc import Mapping
from typing import Any

from sandboxd.model.keys import SHARED, Key, make_key
from sandboxd.model.kind import KindSpec
from sandboxd.model.resource import Node


class Draft:
    """Nodes in the making: each stands on earlier ones only."""

    def __init__(self, *, kinds: Mapping[str, KindSpec], region: str, sandbox: str, names: dict[str, str]) -> None:
        self._kinds, self._region, self._sandbox, self._names = kinds, region, sandbox, names
        self.nodes: list[Node] = []

    def key(self, name: str, *, shared: bool) -> Key:
        """The key of a resource by its name."""
        return make_key(self._region, SHARED if shared else self._sandbox, name)

    def add(
        self,
        kind: str,
        name: str,
        *,
        shared: bool,
        links: Mapping[str, tuple[Key, ...]] | None = None,
        **parameters: Any,
    ) -> Key:
        """Add the node of one resource; what plays its roles was added before. Return its key."""
        key = self.key(name, shared=shared)
        spec = self._kinds[kind]
        named = {} if kind in _NAMELESS else {"name": self._name(kind, name, shared=shared)}
        self.nodes.append(spec.node(key, dict(links or {}), **(parameters | named)))
        return key

    def once(self, kind: str, name: str, **parameters: Any) -> Key:
        """Add the node of a shared resource unless it was added before. Return its key."""
        key = self.key(name, shared=True)
        if any(node.key == key for node in self.nodes):
            return key
        return self.add(kind, name, shared=True, **parameters)

    def _name(self, kind: str, name: str, *, shared: bool) -> str:
        if kind in _OF_THE_ACCOUNT:
            return f"sandboxd-{self._names['shared']}-{self._region}-machines"
        return f"{self._names['shared' if shared else 'own']}-{name}"


_OF_THE_ACCOUNT = ("instance-role", "instance-profile")
"""named so that all regions of an account have names of their own; a profile and its role have the same"""
_NAMELESS = (
    "route", "route-table-association", "security-group-rule", "image-share", "key-grant", "repository-share",
)  # fmt: skip
