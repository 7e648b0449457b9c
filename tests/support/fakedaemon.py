"""The real API on a real socket over a fake desk, as a process of its own: `python fakedaemon.py SOCKET`.

Says `ready` when it serves, ends at SIGTERM. `name=slow` makes a tenant's onboarding last for ever; each request of
`GET /v1/why/N` publishes N events.
"""

import logging
import resource
import signal
import sys
from functools import partial
from pathlib import Path

import trio
from fakedesk import FakeCallers, FakeDesk

from sandboxd.api.app import Api
from sandboxd.api.listen import serve_api
from sandboxd.http import Limits, SocketRefused
from sandboxd.wire import things


class Desk(FakeDesk):
    """Some questions misbehave."""

    async def onboard(self, request, by, key, digest):
        if request.name == "slow":
            await trio.sleep_forever()
        return await super().onboard(request, by, key, digest)

    def why(self, ref: str) -> things.Why:
        for _ in range(int(ref) if ref.isdigit() else 0):
            self.feed.publish("test.happened", "x" * 1000)
        if ref == "boom":
            raise RuntimeError("boom")
        return super().why(ref)


async def main(path: Path) -> None:
    desk, stop = Desk(), trio.Event()
    api = Api(desk=desk, callers=FakeCallers(), version="9.9", heartbeat=0.2)
    limits = Limits(head=1.0, body=1.0, idle=30.0, write=1.0, linger=0.5)
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            run = partial(serve_api, api, path, mode=0o600, version="9.9", stop=stop, limits=limits, drain=1.0)
            await nursery.start(run)
            print("ready", flush=True)
            async for _ in signals:
                stop.set()
                break


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr)
    try:
        trio.run(main, Path(sys.argv[1]))
    except* SocketRefused as group:
        print(group.exceptions[0].exceptions[0] if hasattr(group.exceptions[0], "exceptions") else group.exceptions[0])
        sys.exit(75)
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
