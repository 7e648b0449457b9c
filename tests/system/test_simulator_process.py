"""`python -m sandboxd.simulator` as a process: what it prints, how it ends, and that its world outlives it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Self

import pytest
from simwire import session

START = [sys.executable, "-m", "sandboxd.simulator"]
LINE = re.compile(
    r"export AWS_ENDPOINT_URL=(http://127\.0\.0\.1:\d+) AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+) "
    r"AWS_DEFAULT_REGION=(\S+) SANDBOXD_CLOCK__PACE=(\S+) SANDBOXD_CLOCK__ORIGIN=(\S+)\n"
)


class Running:
    """One process, killed at the end whatever happened."""

    def __init__(self, *words: str) -> None:
        self.popen = subprocess.Popen(
            [*START, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        line = LINE.fullmatch(self.popen.stdout.readline())
        assert line, self.popen.stderr.read()
        self.endpoint, self.key, self.secret, self.region, pace, origin = line.groups()
        self.pace, self.origin = float(pace), float(origin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.communicate()

    def ask(self, path: str):
        with urllib.request.urlopen(f"{self.endpoint}/_simulator/{path}", timeout=10) as answer:
            return json.load(answer)

    def end(self, how: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.popen.send_signal(how)
        out, err = self.popen.communicate(timeout=20)
        return self.popen.returncode, out, err

    async def ec2(self, call: str, **parameters):
        made = session().create_client(
            "ec2", region_name=self.region, endpoint_url=self.endpoint, aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )  # fmt: skip
        async with made as client:
            return await getattr(client, call)(**parameters)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_one_line_on_stdout_and_a_clean_end(how):
    """Stdout is data, stderr narrates what changed something; a signal gives exit 0."""
    with Running("--pace", "2000") as simulator:
        assert simulator.pace == 2000
        vpc = (await simulator.ec2("create_vpc", CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
        await simulator.ec2("describe_vpcs")
        code, out, err = simulator.end(how)
        assert (code, out) == (0, "")
        assert re.fullmatch(rf"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \d{{12}} eu-central-1 CreateVpc +{vpc}\n", err)


async def test_a_world_outlives_its_process(tmp_path: Path):
    """Killed after a change was saved, and ended cleanly: the same rows, and time goes on where it stood."""
    words = ("--pace", "500", "--state-dir", str(tmp_path / "new" / "folder"))
    with Running(*words) as first:
        gateway = (await first.ec2("create_internet_gateway"))["InternetGateway"]["InternetGatewayId"]
        now = first.ask("clock")["now"]
        assert first.end()[0] == 0
    with Running(*words) as second:
        assert now <= second.ask("clock")["now"] < now + 500 * 20
        found = (await second.ec2("describe_internet_gateways"))["InternetGateways"]
        assert gateway in [one["InternetGatewayId"] for one in found]
        assert second.origin != first.origin
        second.popen.kill()
        second.popen.wait()
    with Running(*words) as third:
        assert len((await third.ec2("describe_internet_gateways"))["InternetGateways"]) == len(found)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--listen", "nowhere"), 2, "HOST:PORT"),
        (("--listen", "127.0.0.1:99999"), 2, "HOST:PORT"),
        (("--pace", "0"), 2, "pace"),
        (("--pace", "nan"), 2, "pace"),
        (("--pool", "-1"), 2, "pool"),
        (("--faults", "/nonexistent.toml"), 2, "/nonexistent.toml"),
        (("--listen", "192.0.2.1:80"), 1, "192.0.2.1:80"),
    ],
)
def test_mistakes_are_said(words, code, says):
    """On stderr, without a traceback; nothing on stdout."""
    done = subprocess.run([*START, *words], capture_output=True, text=True, timeout=30, check=False, env=os.environ)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr and "Traceback" not in done.stderr


def test_a_world_that_cannot_be_read(tmp_path: Path):
    """Exit 78 with the file's name; the file stays."""
    (tmp_path / "simulator.json").write_text("{")
    done = subprocess.run(
        [*START, "--state-dir", str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 78 and "simulator.json" in done.stderr
    assert (tmp_path / "simulator.json").read_text() == "{"
