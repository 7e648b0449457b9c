"""The OpenAPI document against the table of routes and against what the handlers answer."""

import json
import re
from pathlib import Path

from apiclient import NEW, REF, client, path_of
from fakedesk import FakeDesk

from sandboxd.api.openapi import document
from sandboxd.api.routes import ROUTES


async def test_the_document_is_served_and_names_every_route():
    """OpenAPI 3.1, exactly the table."""
    async with client(uid=3) as c:
        served = (await c.get("/v1/openapi.json")).json()
    assert served["openapi"].startswith("3.1")
    listed = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert listed == {(route.method, route.path) for route in ROUTES}
    names = [operation["operationId"] for methods in served["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def test_the_document_is_whole_and_strict():
    """Every reference resolves; requests forbid unknown members, parameters are those that are decoded."""
    made = json.loads(json.dumps(document(ROUTES, "1")))
    schemas = made["components"]["schemas"]
    text = json.dumps(made)
    for part in text.split('"$ref": "')[1:]:
        name = part.partition('"')[0]
        assert name.removeprefix("#/components/schemas/") in schemas
    for route in ROUTES:
        operation = made["paths"][route.path][route.method.lower()]
        if route.request is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert schemas[schema["$ref"].rpartition("/")[2]]["additionalProperties"] is False
        said = {(p["in"], p["name"]) for p in operation["parameters"]}
        query = route.query.__struct_encode_fields__ if route.query else ()
        assert {name for place, name in said if place == "query"} == set(query)
        assert (("header", "Idempotency-Key") in said) is route.keyed
        assert (("header", "If-Match") in said) is route.guarded
        assert (("path", route.variable) in said) is bool(route.variable)


def matches(schema, value, schemas):
    """Whether a value fits the parts of JSON Schema that the document uses."""
    if "$ref" in schema:
        return matches(schemas[schema["$ref"].rpartition("/")[2]], value, schemas)
    if "anyOf" in schema:
        return any(matches(one, value, schemas) for one in schema["anyOf"])
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
             "boolean": bool}  # fmt: skip
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return False
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        assert not properties or set(value) <= set(properties), (set(value), set(properties))
        return set(schema.get("required", ())) <= set(value) and all(
            matches(properties[name], one, schemas) for name, one in value.items() if name in properties
        )
    return not isinstance(value, list) or all(matches(schema.get("items", {}), one, schemas) for one in value)


async def test_answers_are_as_the_document_says():
    """Each GET with JSON, on a world with things in it, against its schema."""
    desk = FakeDesk()
    made = document(ROUTES, "1")
    schemas = made["components"]["schemas"]
    async with client(desk) as c:
        await c.post("/v1/tenants", json={"name": "acme", "email": "ops@acme.example"})
        await c.post("/v1/sandboxes", json=NEW)
        refs = {
            "/v1/tenants": "acme",
            "/v1/accounts": "one",
            "/v1/sandboxes": REF,
            "/v1/operations": "op_001",
            "/v1/why": "x",
        }
        for route in ROUTES:
            if route.method != "GET" or route.response is None or route.path == "/v1/openapi.json":
                continue
            ref = next((ref for start, ref in refs.items() if route.path.startswith(start + "/")), "x")
            query = "?timeout=0" if route.path.endswith("wait") else ""
            answer = await c.get(path_of(route, ref) + query, headers={"accept": "application/json"})
            assert answer.status_code == route.status, (route.path, answer.text)
            schema = made["paths"][route.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            assert matches(schema, answer.json(), schemas), (route.path, answer.json())


def test_routes_that_pages_name_are_there():
    """A command in the documentation that answers "no such route" is worse than none."""
    pages = [Path("README.md"), *Path("docs").glob("*.md")]
    named = {
        found for page in pages for found in re.findall(r"\b(GET|POST|DELETE) (/[\w/.{}-]+)", page.read_text("utf-8"))
    }
    assert ("GET", "/metrics") in named
    assert named <= {(route.method, route.path) for route in ROUTES}
