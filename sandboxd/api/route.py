"""What a route is: a row of the table with method, path, permission, shapes and handler; and how a request finds it.

Pure. A path has at most two variable parts, `{…}`, which may hold an encoded slash (`acme%2Fbank`); the second one ends it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from msgspec import Struct, field

from sandboxd.api.desk import Desk
from sandboxd.identity.peers import Caller, Role
from sandboxd.model.errors import NotFound, Refusal


class About(Struct, frozen=True, kw_only=True):
    """What is to be known of the API itself."""

    version: str
    document: Callable[[], bytes]
    """the OpenAPI document"""
    answered: Mapping[int, int]
    """how many requests were answered with each status"""
    streams: Callable[[], int]
    """how many event streams are open"""


class Ask(Struct, frozen=True, kw_only=True):
    """A request, decoded: what a handler may know of it."""

    about: About
    caller: Caller
    ref: str = ""
    name: str = ""
    """the second variable part of the path"""
    query: Any = None
    body: Any = None
    key: str | None = None
    digest: str = ""
    if_match: str | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """What a handler returns where a plain thing is not enough."""

    thing: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None
    """the body as it is, with `content_type`"""
    content_type: str = "application/json"


Handler: TypeAlias = Callable[[Desk, Ask], Awaitable[Any]]


class Route(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    method: str
    path: str
    permission: Role
    handler: Handler
    summary: str
    response: Any
    request: Any = None
    query: Any = None
    optional: bool = False
    """the body may be missing"""
    keyed: bool = False
    """takes an Idempotency-Key that is committed with the acceptance"""
    guarded: bool = False
    """takes If-Match"""
    status: int = 200
    stream: bool = False
    """also answers as server-sent events"""
    name: str = field(default="")

    @property
    def variable(self) -> str:
        """The name of the first variable part, or nothing."""
        return next(iter(self.variables), "")

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variable parts."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


class Found(Struct, frozen=True):
    """A route with the values of its variable parts."""

    route: Route
    ref: str
    name: str = ""


class Router:
    """Finds routes; built once from the table."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._fixed: dict[bytes, dict[str, Route]] = {}
        self._variable: dict[tuple[bytes, bytes], dict[str, Route]] = {}
        self._double: dict[tuple[bytes, bytes], dict[str, Route]] = {}
        for route in routes:
            head, brace, tail = route.path.encode().partition(b"{")
            tail = tail.partition(b"}")[2]
            if b"{" in tail:
                self._double.setdefault((head, tail.partition(b"{")[0]), {})[route.method] = route
            elif brace:
                self._variable.setdefault((head, tail), {})[route.method] = route
            else:
                self._fixed.setdefault(head, {})[route.method] = route

    def find(self, method: str, raw_path: bytes) -> Found:
        """Return the route; raise `NotFound` or a 405 that names what is allowed."""
        if (methods := self._fixed.get(raw_path)) is not None:
            return Found(_choose(methods, method), "")
        for (head, tail), methods in self._variable.items():
            if raw_path.startswith(head) and raw_path.endswith(tail):
                ref = raw_path[len(head) : len(raw_path) - len(tail)]
                if ref and b"/" not in ref:
                    return Found(_choose(methods, method), _decoded(ref))
        for (head, middle), methods in self._double.items():
            ref, found, name = raw_path.removeprefix(head).partition(middle)
            if raw_path.startswith(head) and found and ref and name and b"/" not in ref + name:
                return Found(_choose(methods, method), _decoded(ref), _decoded(name))
        raise NotFound("route_not_found", "There is no such route.", "GET /v1/openapi.json describes all routes.")


class MethodNotAllowed(Refusal):
    """The path is there, the method is not."""

    status = 405

    def __init__(self, method: str, allowed: Sequence[str]) -> None:
        super().__init__("method_not_allowed", f"{method} is not possible here.", f"Possible: {', '.join(allowed)}.")
        self.allowed = allowed


def _choose(methods: Mapping[str, Route], method: str) -> Route:
    wanted = "GET" if method == "HEAD" else method
    if (route := methods.get(wanted)) is None:
        raise MethodNotAllowed(method, sorted(methods))
    return route


def _decoded(ref: bytes) -> str:
    try:
        return unquote_to_bytes(ref).decode()
    except UnicodeDecodeError:
        raise NotFound("route_not_found", "The path is not UTF-8.") from None
