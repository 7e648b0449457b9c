"""CPU of one AWS call through the waist, against aiobotocore as it comes, in one process, alternating.

The server is another process that gives canned answers; what is counted is user and system time of the client's.
"""

import os
import subprocess
import sys
import time

import trio
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import AioSession

from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.model.ports import Scope
from tests.bench.rows import Row, row

ACCOUNT, REGION = "1" * 12, "eu-central-1"
CALLS, ROUNDS = 60, 5
SUBNET = {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/24"}

_INSTANCE = (
    "<item><instanceId>i-0123456789abcdef{n}</instanceId><imageId>ami-1</imageId><instanceState><code>16</code>"
    "<name>running</name></instanceState><launchTime>2026-11-25T08:00:00.000Z</launchTime><privateIpAddress>10.0.16.1{n}"
    "</privateIpAddress><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><attachment><attachTime>"
    "2026-11-25T08:00:00.000Z</attachTime></attachment></item></networkInterfaceSet><blockDeviceMapping><item><ebs>"
    "<attachTime>2026-11-25T08:00:00.000Z</attachTime></ebs></item></blockDeviceMapping><tagSet>"
    + "".join(f"<item><key>sandboxd:k{n}</key><value>v{n}</value></item>" for n in range(7))
    + "</tagSet></item>"
)
_ANSWERS = {
    "DescribeInstances": "<reservationSet><item><instancesSet>"
    + _INSTANCE.replace("{n}", "1")
    + _INSTANCE.replace("{n}", "2")
    + "</instancesSet></item></reservationSet>",
    "CreateSubnet": "<subnet><subnetId>subnet-0123456789abcdef0</subnetId><state>available</state></subnet>",
    "GetCallerIdentity": f"<GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult>",
}


async def _serve() -> None:
    async def one(stream: trio.SocketStream) -> None:
        while data := await stream.receive_some(65536):
            while b"\r\n\r\n" not in data:
                data += await stream.receive_some(65536)
            head, _, body = data.partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += await stream.receive_some(65536)
            action = body.split(b"Action=")[1].split(b"&")[0].decode()
            text = f"<{action}Response><requestId>r</requestId>{_ANSWERS[action]}</{action}Response>"
            out = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(text)}\r\n\r\n{text}"
            await stream.send_all(out.encode())

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(listeners[0].socket.getsockname()[1], flush=True)
    await trio.serve_listeners(one, listeners)


class _Real:
    pace = 1.0
    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(trio.sleep)


async def _measured(call) -> float:
    for _ in range(10):
        await call()
    began = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - began) / CALLS


async def _compare(url: str) -> dict[str, list[float]]:
    plain = AioSession()
    config = AioConfig(http_session_cls=HttpxSession)
    plain.set_default_client_config(config)
    ratios: dict[str, list[float]] = {"DescribeInstances": [], "CreateSubnet": []}
    scope, settings = Scope(ACCOUNT, REGION, ""), AwsSettings(endpoint=url, region=REGION)
    async with (
        open_aws(settings, _Real()) as aws,
        plain.create_client("ec2", region_name=REGION, endpoint_url=url) as client,
    ):
        pairs = {
            "DescribeInstances": (
                lambda: aws.call(scope, "ec2", "DescribeInstances", {}),
                client.describe_instances,
            ),
            "CreateSubnet": (
                lambda: aws.call(scope, "ec2", "CreateSubnet", SUBNET),
                lambda: client.create_subnet(**SUBNET),
            ),
        }
        for _ in range(ROUNDS):
            for name, (ours, theirs) in pairs.items():
                ratios[name].append(await _measured(ours) / await _measured(theirs))
    return ratios


def run() -> list[Row]:
    """The table's rows."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bench_aws", "serve"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        ratios = trio.run(_compare, f"http://127.0.0.1:{server.stdout.readline().strip()}")
    finally:
        server.kill()
        server.wait()
    return [
        row(f"CPU of {name} through the waist", values, "ratio", 0.7, "aiobotocore as it comes (httpx2 on Trio)")
        for name, values in ratios.items()
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        trio.run(_serve)
    else:
        for one in run():
            print(one)
