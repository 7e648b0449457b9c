"""The whole life of `trial` against an unmodified moto_server: another AWS than our own, seen through plain API calls."""

import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from harness import PYTHON, Process, wait_until

from tests.referee.empty_service import empty_appstream
from tests.referee.moto_server import MotoDoor, environment, moto_server, prepare_organization

PACE = "60"
"""moto takes no time; this is for the daemon's own waits, such as the one between two empty listings"""
LISTED = (
    ("vpc", "DescribeVpcs", "Vpcs"), ("subnet", "DescribeSubnets", "Subnets"),
    ("internet-gateway", "DescribeInternetGateways", "InternetGateways"),
    ("route-table", "DescribeRouteTables", "RouteTables"), ("security-group", "DescribeSecurityGroups", "SecurityGroups"),
    ("elastic-ip", "DescribeAddresses", "Addresses"), ("nat-gateway", "DescribeNatGateways", "NatGateways"),
    ("volume", "DescribeVolumes", "Volumes"),
)  # fmt: skip
SHARED = {"vpc": 1, "subnet": 2, "internet-gateway": 1, "route-table": 2, "security-group": 1, "volume": 1}


class Life:
    """A daemon on moto, its CLI, and what there is in the tenant's account."""

    def __init__(self, folder: Path, endpoint: str, desktops: str) -> None:
        self.organization = prepare_organization(endpoint)
        self.door = MotoDoor(endpoint, self.organization.pool)
        quiet = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDBOXD_"))}
        clock = {"SANDBOXD_CLOCK__PACE": PACE, "SANDBOXD_CLOCK__ORIGIN": repr(time.time())}
        self._env = (
            quiet
            | environment(endpoint)
            | {"AWS_ENDPOINT_URL_APPSTREAM": desktops}
            | clock
            | {"SANDBOXD_SOCKET": str(folder / "d.sock")}
        )
        argv = [*PYTHON, "-m", "sandboxd", "serve", "--state-dir", str(folder / "state")]
        self.daemon = Process("daemon", argv, folder, self._env)
        wait_until(self._answers, "the daemon")

    def _answers(self) -> bool:
        assert self.daemon.popen.poll() is None, self.daemon.said()
        return self._run("api", "GET", "/v1/health").returncode == 0

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PYTHON, "-m", "sandboxd", *words], env=self._env, capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    def cli(self, *words: str) -> str:
        done = self._run(*words)
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}{self.daemon.said()}"
        return done.stdout

    # ---- the world
    def ask(self, operation: str, service: str = "ec2", account: str = "", **parameters):
        return self.door.call(account or self.account, service, operation, parameters)

    @property
    def account(self) -> str:
        customers = self.organization.ous["Customers"]
        found = self.door.call(
            self.door.management, "organizations", "ListAccountsForParent", {"ParentId": customers}
        )  # fmt: skip
        return str(found["Accounts"][0]["Id"])

    def live(self) -> dict[str, int]:
        """What there is beyond the default network, what is only still listed left out."""
        default = next(one["VpcId"] for one in self.ask("DescribeVpcs")["Vpcs"] if one["IsDefault"])
        return {
            kind: count
            for kind, operation, member in LISTED
            if (count := sum(_is_own(one, default) for one in self.ask(operation)[member]))
        }

    def machines(self) -> dict[str, int]:
        reservations = self.ask("DescribeInstances")["Reservations"]
        return dict(Counter(one["State"]["Name"] for every in reservations for one in every["Instances"]))

    def close(self) -> None:
        self.door.close()
        self.daemon.terminate()

    def roles(self) -> tuple[int, int]:
        """Roles of ours and instance profiles."""
        counts = [
            len(self.ask(operation, "iam", PathPrefix="/sandboxd/")[member])
            for operation, member in (("ListRoles", "Roles"), ("ListInstanceProfiles", "InstanceProfiles"))
        ]
        return counts[0], counts[1]

    def profiles(self) -> list[str]:
        """ARN of the profile of each machine."""
        reservations = self.ask("DescribeInstances")["Reservations"]
        return [one["IamInstanceProfile"]["Arn"] for every in reservations for one in every["Instances"]]


def _is_own(thing: dict, default_vpc: str) -> bool:
    if thing.get("State") == "deleted" or thing.get("VpcId") == default_vpc or thing.get("GroupName") == "default":
        return False
    return not any(one.get("Main") for one in thing.get("Associations") or ())


@pytest.fixture
def life():
    with tempfile.TemporaryDirectory(prefix="sbm") as folder, moto_server() as endpoint, empty_appstream() as desktops:
        made = Life(Path(folder), endpoint, desktops)
        try:
            yield made
        finally:
            made.close()


def test_a_sandbox_lives_its_whole_life_on_an_aws_that_is_not_ours(life):
    life.cli("tenant", "onboard", "acme", "--email", "owner@acme.example")
    tags = life.ask("ListTagsForResource", "organizations", life.door.management, ResourceId=life.account)["Tags"]
    assert any(one["Value"] == "acme" or one["Key"] == "sandboxd:tenant" for one in tags)
    assert life.live() == {}

    life.cli("sandbox", "create", "one", "--tenant", "acme", "--profile", "trial")
    assert life.live() == SHARED | {"elastic-ip": 1, "nat-gateway": 1}
    assert life.machines() == {"running": 1}
    assert life.roles() == (1, 1)
    assert life.profiles()[0].endswith(":instance-profile/sandboxd/sandboxd-dev-eu-central-1-machines")

    life.cli("sandbox", "stop", "acme/one")
    assert life.live() == SHARED, "a stopped sandbox costs its disk, nothing by the hour"
    assert life.machines() == {"stopped": 1}

    life.cli("sandbox", "start", "acme/one")
    assert life.live() == SHARED | {"elastic-ip": 1, "nat-gateway": 1}
    assert life.machines() == {"running": 1}

    life.cli("sandbox", "delete", "acme/one", "--confirm", "one")
    assert life.live() == {}
    assert life.roles() == (0, 0)
    assert life.machines() == {"terminated": 1}
