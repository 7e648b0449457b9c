"""The API without sockets: a client whose requests go straight into the application, as a peer with a chosen uid."""

from contextlib import asynccontextmanager

import httpx2
from fakedesk import FakeCallers, FakeDesk

from sandboxd.api.app import Api
from sandboxd.http.limits import Peer

NEW = {"name": "bank", "tenant": "acme", "profile": "trial"}
REF = "acme%2Fbank"


@asynccontextmanager
async def client(desk=None, uid=0):
    api = Api(desk=desk or FakeDesk(), callers=FakeCallers(), version="9.9")

    async def app(scope, receive, send):
        await api(scope | {"state": {"peer": Peer(1, uid, uid)}}, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://sandboxd") as made:
        yield made


def path_of(route, ref="x"):
    path = route.path
    for name in route.variables:
        path = path.replace("{" + name + "}", ref)
    return path
