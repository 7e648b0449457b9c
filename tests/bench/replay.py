"""`python -m tests.bench.replay CALLS.json`: makes recorded calls with aiobotocore as it comes; prints its CPU seconds.

A server in a process of its own gives the recorded answers, so that only the client's work is counted.
"""

import json
import re
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Mapping, MutableMapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import aiobotocore.session
import trio
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession
from botocore import xform_name

from sandboxd.http import Limits, serve
from sandboxd.simulator import protocol

CONCURRENCY = 6
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


def text(body: bytes) -> str:
    """Bytes as JSON can keep them; some protocols are binary."""
    return body.decode("latin-1")


def asked(scope: MutableMapping[str, Any], body: bytes) -> dict[str, Any]:
    """What of a request says which call it is."""
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    path, query = scope["raw_path"].decode("latin-1").partition("?")[0], scope["query_string"].decode("latin-1")
    return {"headers": headers, "body": text(body), "at": {"method": scope["method"], "path": path, "query": query}}


def parsed(call: Mapping[str, Any]) -> tuple[str, str, str, dict[str, Any]]:
    """Region, service, operation and parameters of a recorded call."""
    found = _SCOPE.search(call["headers"]["authorization"])
    assert found is not None
    region, service = found[1], protocol.service_of(found[2])
    headers = {name.encode(): value.encode() for name, value in call["headers"].items()}
    operation, parameters = protocol.read(service, headers, call["body"].encode("latin-1"), **call["at"])
    return region, service, operation.name, parameters


async def answers(file: str) -> None:
    """Serve the recorded answers, in order per operation; the last one again where a client asks once more."""
    waiting: dict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(deque)
    for call in json.load(open(file)):  # noqa: ASYNC230, PTH123, SIM115 - a benchmark's helper
        _, service, operation, _ = parsed(call)
        waiting[service, operation].append(call)

    async def app(scope, receive, send):
        body = b""
        while (message := await receive())["more_body"]:
            body += message["body"]
        body += message["body"]
        _, service, operation, _ = parsed(asked(scope, body))
        of = waiting[service, operation]
        call = of.popleft() if len(of) > 1 else of[0]
        out = call["answer"].encode("latin-1")
        head = [(name.encode(), value.encode()) for name, value in call["said"].items()]
        head.append((b"content-length", str(len(out)).encode()))
        await send({"type": "http.response.start", "status": call["status"], "headers": head})
        await send({"type": "http.response.body", "body": out})

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(partial(serve, app, listeners, stop=trio.Event(), limits=Limits()))
        print(listeners[0].socket.getsockname()[1], flush=True)


async def make(file: str, port: int) -> float:
    """Make the calls; return the CPU seconds from the first to the last."""
    calls = [parsed(call) for call in json.load(open(file))]  # noqa: ASYNC230, PTH123, SIM115 - a benchmark's helper
    session = aiobotocore.session.get_session()
    session.set_default_client_config(AioConfig(http_session_cls=HttpxSession))
    async with AsyncExitStack() as stack:
        clients = {}
        for region, service, _, _ in calls:
            if (region, service) not in clients:
                made = session.create_client(
                    service, region_name=region, endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="x",
                    aws_secret_access_key="y", aws_session_token="z" * 200,
                )  # fmt: skip
                clients[region, service] = await stack.enter_async_context(made)
        todo = deque(calls)

        async def work():
            while todo:
                region, service, operation, parameters = todo.popleft()
                client = clients[region, service]
                try:
                    await getattr(client, xform_name(operation))(**parameters)
                except client.exceptions.ClientError:
                    pass

        before = time.process_time()
        async with trio.open_nursery() as nursery:
            for _ in range(CONCURRENCY):
                nursery.start_soon(work)
        return time.process_time() - before


def main() -> None:
    """Serve in a child, call here."""
    if sys.argv[1] == "--serve":
        trio.run(answers, sys.argv[2])
        return
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.replay", "--serve", sys.argv[1]], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        print(trio.run(make, sys.argv[1], int(server.stdout.readline())))
    finally:
        server.kill()


if __name__ == "__main__":
    main()
