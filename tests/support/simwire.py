"""The simulator's application on a real loopback port, with clients of an unmodified botocore that run on Trio."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache, partial

import trio
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import AioSession

from sandboxd.http import Limits, serve
from sandboxd.simulator import SimClock, Simulator
from sandboxd.simulator.furnish import KEYS
from sandboxd.simulator.wire import Wire

REGION = "eu-central-1"
CONFIG = AioConfig(
    http_session_cls=HttpxSession, retries={"total_max_attempts": 1}, read_timeout=30, max_pool_connections=64
)


@cache
def session() -> AioSession:
    """One session for all clients: it keeps the service models that it has read."""
    made = AioSession()
    made.set_default_client_config(CONFIG)
    return made


class Served:
    """A simulator, its address, and clients of it."""

    def __init__(self, simulator: Simulator, port: int, stack: AsyncExitStack) -> None:
        self.simulator, self.endpoint = simulator, f"http://127.0.0.1:{port}"
        self.narrated: list[str] = []
        self._stack = stack

    async def client(self, service: str, keys=KEYS, token=None, region: str = REGION, **config):
        made = session().create_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            aws_session_token=token,
            config=AioConfig(**config),
        )
        return await self._stack.enter_async_context(made)

    async def member(self, service: str, account: str = "", region: str = REGION):
        """A client in a member account, by its role."""
        account = account or self.simulator.accounts[0]
        sts = await self.client("sts")
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        got = (await sts.assume_role(RoleArn=role, RoleSessionName="test", DurationSeconds=43_200))["Credentials"]
        return await self.client(service, (got["AccessKeyId"], got["SecretAccessKey"]), got["SessionToken"], region)


@asynccontextmanager
async def served(*, pace: float = 1000.0, pool: int = 2, real=None) -> AsyncIterator[Served]:
    """Serve a furnished world on a free port until the block ends."""
    clock = SimClock(pace=pace, **({"real": real} if real else {}))
    simulator, stop = Simulator(clock=clock, pool=pool, shared=True), trio.Event()
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with trio.open_nursery() as nursery, AsyncExitStack() as stack:
        one = Served(simulator, listeners[0].socket.getsockname()[1], stack)
        app = Wire(simulator.world, narrate=one.narrated.append)
        await nursery.start(partial(serve, app, listeners, stop=stop, limits=Limits(idle=600), drain=0.2))
        yield one
        await stack.aclose()
        stop.set()
