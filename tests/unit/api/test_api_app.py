"""The API as an application, without sockets: every route with every role, shapes, problems, keys and tags."""

import json

import httpx2
import msgspec
import pytest
from apiclient import NEW, REF, client, path_of
from fakedesk import FakeCallers, FakeDesk

from sandboxd.api.app import Api
from sandboxd.api.routes import ROUTES
from sandboxd.wire import things


def problem(answer, status, code):
    """The answer is a problem document with this status and code."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = msgspec.json.decode(answer.content, type=things.Problem)
    assert (found.status, found.code) == (status, code), found
    assert found.request_id == answer.headers["x-request-id"]
    assert answer.headers["sandboxd-version"] == "9.9"
    return found


async def test_a_life_over_the_api():
    """Onboard, create, look by id and by name, stop, wait, delete: 202 with a place to look at."""
    desk = FakeDesk()
    async with client(desk) as c:
        answer = await c.post("/v1/tenants", json={"name": "acme", "email": "ops@acme.example"})
        assert answer.status_code == 202
        assert (await c.get(answer.headers["location"])).json()["kind"] == "onboard"
        created = (await c.post("/v1/sandboxes", json=NEW)).json()
        by_id, by_name = await c.get(f"/v1/sandboxes/{created['target']}"), await c.get(f"/v1/sandboxes/{REF}")
        assert by_id.json() == by_name.json()
        assert (await c.post(f"/v1/sandboxes/{REF}/stop")).json()["kind"] == "stop"
        assert (await c.get(f"/v1/operations/{created['id']}/wait?timeout=0")).json()["state"] == "running"
        desk.set(created["id"], "succeeded")
        assert (await c.get(f"/v1/operations/{created['id']}/wait")).json()["state"] == "succeeded"
        assert (await c.delete(f"/v1/sandboxes/{REF}")).status_code == 202
        assert (await c.get(f"/v1/sandboxes/{REF}")).json()["state"] == "deleting"
        assert (await c.post(f"/v1/sandboxes/{REF}/extend", json={"by": 60})).json()["expires_at"] == "+60"
        assert (await c.post(f"/v1/operations/{created['id']}/retry")).json()["state"] == "running"
        skipped = await c.post(f"/v1/operations/{created['id']}/skip", json={"step": "s", "reason": "r"})
        assert skipped.json()["reason"] == "s: r"
        assert (await c.delete(f"/v1/operations/{created['id']}")).json()["state"] == "cancelled"
        assert (await c.post("/v1/plans", json={"verb": "stop", "target": "acme/bank"})).json()["verb"] == "stop"
        snapshot = msgspec.json.decode((await c.get("/v1/snapshot")).content, type=things.Snapshot)
        assert [sandbox.name for sandbox in snapshot.sandboxes] == ["bank"]
        assert snapshot.seq == desk.feed.position


async def test_the_ingress_of_an_account_is_shown():
    """By id or name; of an account that is not there, nothing."""
    desk = FakeDesk()
    wanted = things.IngressMachine(region="r", id="i-1", address="10.0.0.4", wanted="2-b", runs="1-a", reason="behind")
    desk.ingress_ = things.Ingress(id="", machines=[wanted])
    async with client(desk, uid=2) as c:
        found = msgspec.json.decode((await c.get("/v1/accounts/one/ingress")).content, type=things.Ingress)
        assert (found.id, found.machines) == ("111111111111", [wanted])
        problem(await c.get("/v1/accounts/nobody/ingress"), 404, "account_not_found")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize(("uid", "rank"), [(0, 3), (1, 2), (2, 1), (3, 0)])
async def test_every_route_asks_for_its_permission_first(route, uid, rank):
    """Whoever may not is refused before anything else is looked at: a body, a thing, a key."""
    needed = {"none": 0, "read": 1, "write": 2, "admin": 3}[route.permission]
    desk = FakeDesk()
    desk.feed.close()  # streams end at once
    async with client(desk, uid) as c:
        answer = await c.request(route.method, path_of(route), content=b"{")
    if rank < needed:
        assert problem(answer, 403, "not_allowed").hint
    else:
        assert answer.status_code != 403
    assert desk.callers == []


def test_writes_need_more_than_reading():
    """Nothing that changes something is open to readers."""
    for route in ROUTES:
        if route.method != "GET" and route.path != "/v1/plans":
            assert route.permission in ("write", "admin"), route.path


async def test_a_peer_that_is_unknown_may_only_ask_who_it_is():
    """Without credentials of the kernel there is no role."""
    api = Api(desk=FakeDesk(), callers=FakeCallers(), version="9.9")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(api), base_url="http://x") as c:
        assert (await c.get("/v1/whoami")).json()["role"] == "none"
        problem(await c.get("/v1/snapshot"), 403, "not_allowed")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "route_not_found"),
        ("GET", "/v1/sandboxes/", 404, "route_not_found"),
        ("GET", "/v1/sandboxes/a/b", 404, "route_not_found"),
        ("GET", "/v1/sandboxes/a/credentials", 404, "route_not_found"),
        ("GET", "/v1/sandboxes/a/credentials/", 404, "route_not_found"),
        ("GET", "/v1/sandboxes/a/credentials/b/c", 404, "route_not_found"),
        ("POST", "/v1/sandboxes/a/credentials/b", 405, "method_not_allowed"),
        ("GET", "/v1/sandboxes/a/credentials/b", 404, "sandbox_not_found"),
        ("GET", "/v1/sandboxes/..%2f..%2fetc", 404, "sandbox_not_found"),
        ("GET", "/v1/sandboxes/%00%1b", 404, "sandbox_not_found"),
        ("GET", "/v1/sandboxes/%ff", 404, "route_not_found"),
        ("PUT", "/v1/sandboxes", 405, "method_not_allowed"),
        ("PATCH", "/v1/sandboxes/x", 405, "method_not_allowed"),
        ("OPTIONS", "/v1/health", 405, "method_not_allowed"),
        ("TRACE", "/v1/health", 405, "method_not_allowed"),
        ("GET", "/v1/health?x=1", 400, "unknown_parameter"),
        ("GET", "/v1/sandboxes?limit=0", 400, "invalid_field"),
        ("GET", "/v1/sandboxes?limit=a", 400, "invalid_field"),
        ("GET", "/v1/sandboxes?limit=1&limit=2", 400, "duplicate_parameter"),
        ("GET", "/v1/sandboxes?limt=1", 400, "unknown_parameter"),
        ("GET", "/v1/sandboxes?filter=stat%3Dx", 422, "filter_invalid"),
        ("GET", "/v1/operations/x/wait?timeout=nan", 400, "invalid_field"),
        ("GET", "/v1/operations/x/wait?timeout=1e9", 400, "invalid_field"),
        ("GET", "/v1/tenants/x", 404, "tenant_not_found"),
    ],
)
async def test_what_is_not_there_is_said_with_its_code(method, path, status, code):
    """Unknown routes, methods, parameters and things."""
    async with client() as c:
        found = problem(await c.request(method, path), status, code)
        assert "\x1b" not in found.detail


async def test_a_way_into_a_desktop_is_not_kept_on_the_way():
    """No cache may have it."""
    async with client() as c:
        await c.post("/v1/tenants", json={"name": "acme", "email": "ops@acme.example"})
        await c.post("/v1/sandboxes", json=NEW)
        answer = await c.post(f"/v1/sandboxes/{REF}/desktop")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.json()["url"].startswith("https://")
        problem(await c.post("/v1/sandboxes/none/desktop"), 404, "sandbox_not_found")


async def test_a_405_names_what_is_possible():
    """In the header, as HTTP wants it, and in words."""
    async with client() as c:
        answer = await c.put("/v1/sandboxes")
        assert answer.headers["allow"] == "GET, POST"
        assert "GET, POST" in problem(answer, 405, "method_not_allowed").hint


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (b"", 415, "not_json", None),
        (b"{", 400, "malformed_json", None),
        (b"null", 422, "invalid_field", None),
        (b"[]", 422, "invalid_field", None),
        (b"\xef\xbb\xbf{}", 400, "malformed_json", None),
        (b'{"name":"\xff"}', 400, "malformed_json", None),
        ('{"name":"bank"}'.encode("utf-16"), 400, "malformed_json", None),
        (b"{} {}", 400, "malformed_json", None),
        (b"[" * 200_000, 400, "malformed_json", None),
        (
            b'{"name":"bank","tenant":"acme","profile":"trial","parameters":' + b'{"a":' * 100_000,
            400,
            "malformed_json",
            None,
        ),
        (
            b'{"name":"bank","tenant":"acme","profile":"trial","parameters":{"n":1e400}}',
            422,
            "invalid_field",
            "/parameters/*",
        ),
        (b'{"name":"bank","tenant":"acme"}', 422, "missing_field", "/profile"),
        (b'{"name":"bank","tenant":"acme","profile":"t","proflie":"t"}', 422, "unknown_field", "/proflie"),
        (b'{"name":"bank","name":"bank","tenant":"acme","profile":"t"}', 422, "duplicate_field", "/name"),
        (b'{"name":"Bank!","tenant":"acme","profile":"t"}', 422, "invalid_field", "/name"),
        (b'{"name":"","tenant":"acme","profile":"t"}', 422, "invalid_field", "/name"),
        (b'{"name":"bank\\n","tenant":"acme","profile":"t"}', 422, "invalid_field", "/name"),
        (
            b'{"name":"bank","tenant":"acme","profile":"t","labels":{"a":"\\u001b[2J"}}',
            422,
            "control_character",
            "/labels/a",
        ),
        (
            b'{"name":"bank","tenant":"acme","profile":"t","labels":{"a\\u009b":"b"}}',
            422,
            "control_character",
            "/labels/*",
        ),
        (b'{"name":"bank","tenant":"\\ud800","profile":"t"}', 400, "malformed_json", None),
        (b'{"name":"bank","tenant":true,"profile":"t"}', 422, "invalid_field", "/tenant"),
        (b'{"name":"bank","tenant":"acme","profile":"t","ttl":-1}', 422, "invalid_field", "/ttl"),
        (b'{"name":"bank","tenant":"acme","profile":"t","ttl":"8h"}', 422, "invalid_field", "/ttl"),
        (b'{"name":"bank","tenant":"acme","profile":"t","labels":{"a":1}}', 422, "invalid_field", "/labels/*"),
    ],
)
async def test_a_body_that_does_not_fit_is_said_with_its_place(body, status, code, pointer):
    """One problem with a JSON pointer; nothing was accepted."""
    desk = FakeDesk()
    async with client(desk) as c:
        found = problem(await c.post("/v1/sandboxes", content=body, headers=JSON if body else {}), status, code)
    assert found.pointer == pointer
    assert desk.callers == []


async def test_problems_suggest_and_show_what_was_given():
    """The nearest field, and the value that did not fit, as one printable line."""
    async with client() as c:
        answer = await c.post("/v1/sandboxes", json=NEW | {"proflie": 1})
        assert "profile" in problem(answer, 422, "unknown_field").hint
        answer = await c.post("/v1/sandboxes", json=NEW | {"name": "Bank\x1b]0;x\x07!"})
        detail = problem(answer, 422, "invalid_field").detail
        assert "'Bank" in detail
        assert detail.isprintable()


async def test_only_json_is_read():
    """A form of a web page is refused even where no Origin came with it."""
    async with client() as c:
        answer = await c.post("/v1/sandboxes", content=json.dumps(NEW), headers={"content-type": "text/plain"})
        problem(answer, 415, "not_json")


@pytest.mark.parametrize("header", ["origin", "referer"])
async def test_browsers_are_refused(header):
    """Reads as well: a page must not look into the daemon through a proxy."""
    async with client() as c:
        problem(await c.get("/v1/health", headers={header: "http://evil"}), 403, "browser_refused")


async def test_a_command_takes_no_body_or_an_empty_one():
    """Nothing, or `{}`; a field is unknown."""
    async with client() as c:
        await c.post("/v1/sandboxes", json=NEW)
        problem(await c.post(f"/v1/sandboxes/{REF}/stop", json={"force": True}), 422, "unknown_field")
        assert (await c.post(f"/v1/sandboxes/{REF}/stop", json={})).status_code == 202


async def test_the_same_key_is_the_same_operation():
    """B51: pressed twice with one key is one sandbox; the same key for something else is refused."""
    desk = FakeDesk()
    key = {"idempotency-key": "k-1"}
    async with client(desk) as c:
        first = await c.post("/v1/sandboxes", json=NEW, headers=key)
        again = await c.post("/v1/sandboxes", json=NEW, headers=key)
        assert first.json() == again.json()
        assert len(desk.sandboxes()) == 1
        other = await c.post("/v1/sandboxes", json=NEW | {"name": "other"}, headers=key)
        problem(other, 422, "idempotency_key_reused")
        problem(await c.post(f"/v1/sandboxes/{REF}/stop", headers=key), 422, "idempotency_key_reused")
        problem(
            await c.post("/v1/sandboxes", json=NEW, headers={"idempotency-key": "a b"}), 400, "idempotency_key_invalid"
        )
        problem(
            await c.post("/v1/sandboxes", json=NEW, headers={"idempotency-key": ""}), 400, "idempotency_key_invalid"
        )


async def test_a_key_belongs_to_its_caller():
    """Two users with one key are two requests."""
    desk = FakeDesk()
    async with client(desk, 0) as c, client(desk, 1) as d:
        assert (await c.post("/v1/sandboxes", json=NEW, headers={"idempotency-key": "k"})).status_code == 202
        problem(await d.post("/v1/sandboxes", json=NEW, headers={"idempotency-key": "k"}), 409, "sandbox_exists")


async def test_if_match_guards_against_deciding_on_yesterday():
    """The tag changes with the state; a command with the former one is refused and changes nothing."""
    async with client() as c:
        await c.post("/v1/sandboxes", json=NEW)
        tag = (await c.get(f"/v1/sandboxes/{REF}")).headers["etag"]
        assert (await c.post(f"/v1/sandboxes/{REF}/stop", headers={"if-match": tag})).status_code == 202
        problem(await c.delete(f"/v1/sandboxes/{REF}", headers={"if-match": tag}), 412, "precondition_failed")
        assert (await c.get(f"/v1/sandboxes/{REF}")).json()["state"] == "stopping"
        assert (await c.delete(f"/v1/sandboxes/{REF}", headers={"if-match": "*"})).status_code == 202


async def test_collections_are_paged_and_filtered():
    """Every item once, in the order of ids, whatever the size of a page."""
    async with client() as c:
        for n in range(7):
            await c.post("/v1/sandboxes", json=NEW | {"name": f"bank{n}", "tenant": "even" if n % 2 == 0 else "odd"})
        seen, after = [], None
        while True:
            page = (await c.get("/v1/sandboxes", params={"limit": 3} | ({"after": after} if after else {}))).json()
            seen += [item["name"] for item in page["items"]]
            if (after := page.get("next")) is None:
                break
        assert seen == [f"bank{n}" for n in range(7)]
        found = (await c.get("/v1/sandboxes", params={"filter": "tenant=even name!=bank0", "limit": 2})).json()
        assert [item["name"] for item in found["items"]] == ["bank2", "bank4"]
        assert found["next"]
        assert (await c.get("/v1/sandboxes", params={"filter": "name=none"})).json() == {"items": []}
        assert [p["name"] for p in (await c.get("/v1/profiles")).json()["items"]] == ["model-bank", "trial"]


async def test_history_is_paged_and_another_store_is_told_apart():
    """`next` leads on to the last event; an id of another epoch is 410."""
    desk = FakeDesk()
    for n in range(5):
        desk.feed.publish("test.happened", str(n))
    async with client(desk, 2) as c:
        c.headers["accept"] = "application/json"
        latest = (await c.get("/v1/events", params={"limit": 2})).json()
        assert [item["message"] for item in latest["items"]] == ["3", "4"]
        assert "next" not in latest
        seen, after = [], "e1-0"
        while after is not None:
            page = (await c.get("/v1/events", params={"limit": 2, "after": after})).json()
            seen, after = seen + [item["message"] for item in page["items"]], page.get("next")
        assert seen == ["0", "1", "2", "3", "4"]
        problem(await c.get("/v1/events?after=e2-1"), 410, "event_unknown")
        problem(await c.get("/v1/events?after=e1-x"), 410, "event_unknown")


async def test_metrics_have_gauges_by_state_and_no_names():
    """Prometheus's text, with states but no tenant's name."""
    async with client() as c:
        await c.post("/v1/tenants", json={"name": "acme", "email": "ops@acme.example"})
        await c.post("/v1/sandboxes", json=NEW)
        text = (await c.get("/metrics")).text
    assert 'sandboxd_sandboxes{state="initializing"} 1\n' in text
    assert "sandboxd_sandboxes_degraded 0\n" in text
    assert "sandboxd_mailbox_depth 3\n" in text
    assert 'sandboxd_http_requests_total{status="202"} 2\n' in text
    assert "acme" not in text
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(len(line.rsplit(" ", 1)) == 2 and float(line.rsplit(" ", 1)[1]) >= 0 for line in samples)
