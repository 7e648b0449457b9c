"""The OpenAPI 3.1 document, from the table of routes and the structs that decode and encode: it cannot say otherwise."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from sandboxd.api.route import Route
from sandboxd.wire.things import Problem

_REF = "#/components/schemas/{name}"
_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "description": "The same key and request again: the same operation, and nothing happens twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}  # fmt: skip
_IF_MATCH = {
    "name": "If-Match", "in": "header", "required": False,
    "description": "ETag of the sandbox as it was looked at; 412 when it changed.", "schema": {"type": "string"},
}  # fmt: skip
_LAST_ID = {
    "name": "Last-Event-ID", "in": "header", "required": False,
    "description": "Go on after this event; unknown: the stream begins with `reset`.", "schema": {"type": "string"},
}  # fmt: skip


class Schemas:
    """Schemas of types, collected under `components`."""

    def __init__(self, types: Sequence[Any]) -> None:
        made, self.components = msgspec.json.schema_components(types, ref_template=_REF)
        self._of = dict(zip([str(kind) for kind in types], made, strict=True))

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type."""
        return self._of[str(kind)]


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Return the document."""
    kinds = [kind for route in routes for kind in (route.request, route.response) if kind is not None]
    schemas = Schemas([*{str(kind): kind for kind in kinds}.values(), *_dead_ends()])
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sandboxd",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "over the daemon's Unix socket"}],
        "paths": paths,
        "components": {"schemas": schemas.components},
    }


def _dead_ends() -> list[Any]:
    return [Problem]


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    problem = {
        "description": "A problem document (RFC 9457); `code` is stable.",
        "content": {"application/problem+json": {"schema": schemas.of(Problem)}},
    }
    made: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "x-permission": route.permission,
        "parameters": _parameters(route),
        "responses": {str(route.status): _success(route, schemas), "4XX": problem, "5XX": problem},
    }
    if route.request is not None:
        content = {"application/json": {"schema": schemas.of(route.request)}}
        made["requestBody"] = {"required": not route.optional, "content": content}
    return made


def _parameters(route: Route) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1}
    out: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in route.variables
    ]
    if route.query is not None:
        out.extend(_query(route.query))
    if route.keyed:
        out.append(_KEY)
    if route.guarded:
        out.append(_IF_MATCH)
    if route.stream:
        out.append(_LAST_ID)
    return out


def _query(kind: type[Struct]) -> list[dict[str, Any]]:
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": _inline(field.type, field.default),
        }
        for field in fields(kind)
    ]


def _inline(kind: Any, default: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind])
    return dict(schema) | ({} if default is None else {"default": default})


def _success(route: Route, schemas: Schemas) -> dict[str, Any]:
    headers: dict[str, Any] = {"Sandboxd-Version": {"schema": {"type": "string"}}}
    if route.status == 202:  # noqa: PLR2004 - Accepted
        headers["Location"] = {"description": "where the operation is", "schema": {"type": "string"}}
    if route.guarded or route.handler.__name__ == "get_sandbox":
        headers["ETag"] = {"schema": {"type": "string"}}
    made: dict[str, Any] = {"description": route.summary, "headers": headers}
    if route.response is None:
        made["content"] = {"text/plain": {"schema": {"type": "string"}}}
    else:
        made["content"] = {"application/json": {"schema": schemas.of(route.response)}}
    if route.stream:
        made["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return made
