"""An unmodified `moto_server` as a process of its own, and an organization in it made by plain API calls.

The port is chosen by the operating system and read from what the server prints; it is ready when it accepts connections.
Its clock is the real one and nothing in it takes time. What it gets wrong stands in `moto_differences.py`.
"""

import os
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import botocore.session

from tests.referee.doors import call_client, make_client
from tests.referee.transcript import REGION, Refused

KEYS = ("AKIAREFEREE000000001", "secret-of-the-referee")
MANAGEMENT = "123456789012"
"""moto's account for keys that it does not know"""
ROLE = "OrganizationAccountAccessRole"
OUS = ("Pool", "Customers", "Expired")
PATIENCE = 60.0
_RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:(\d+))")


@contextmanager
def moto_server() -> Iterator[str]:
    """The endpoint of a fresh server, until the block ends."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "SANDBOXD_"))}
    said: queue.Queue[str] = queue.Queue(maxsize=1)
    quiet["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # AWS has them in every account
    with subprocess.Popen(command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=_read, args=(process.stdout, said), name="moto's output", daemon=True)
        reader.start()
        try:
            endpoint, port = _endpoint(said)
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
            yield endpoint
        finally:
            process.kill()
            process.wait(timeout=PATIENCE)
            reader.join(timeout=PATIENCE)


def _read(output: IO[str], said: "queue.Queue[str]") -> None:
    """Read to the end, such that the server never waits for its reader; keep the line with the address."""
    last = ""
    for line in output:
        last = line
        if _RUNNING.search(line) and said.empty():
            said.put(line)
    if said.empty():
        said.put(f"moto_server ended: {last}")


def _endpoint(said: "queue.Queue[str]") -> tuple[str, int]:
    line = said.get(timeout=PATIENCE)
    found = _RUNNING.search(line)
    assert found is not None, line
    return found[1], int(found[2])


def environment(endpoint: str) -> dict[str, str]:
    """Variables for a daemon that shall take this server for AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEYS[0],
        "AWS_SECRET_ACCESS_KEY": KEYS[1],
        "AWS_DEFAULT_REGION": REGION,
    }


@dataclass(frozen=True)
class Organization:
    """What `prepare_organization` has made: ids by name."""

    management: str
    root: str
    ous: dict[str, str]
    """`Sandbox`, the stage, and the OUs of the stage"""
    pool: list[str]
    """accounts in the OU Pool, oldest first"""


class MotoDoor:
    """Calls to a server; members are entered by their role, nothing in it takes time."""

    def __init__(self, endpoint: str, members: list[str] | None = None) -> None:
        self.endpoint, self.management, self.members = endpoint, MANAGEMENT, members or []
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, str], Any] = {}

    def call(self, account: str, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer one call."""
        if (account, service) not in self._clients:
            made = make_client(self._session, service, self.endpoint, self._keys(account))
            self._clients[account, service] = made
        return call_client(self._clients[account, service], operation, parameters)

    def later(self, seconds: float) -> None:
        """Nothing takes time here."""

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def _keys(self, account: str) -> tuple[str, ...]:
        if account == self.management:
            return KEYS
        asked = {"RoleArn": f"arn:aws:iam::{account}:role/{ROLE}", "RoleSessionName": "referee"}
        got = self.call(self.management, "sts", "AssumeRole", asked)["Credentials"]
        return got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"]


def prepare_organization(endpoint: str, *, stage: str = "dev", accounts: int = 2) -> Organization:
    """Make `Sandbox/<stage>/{Pool,Customers,Expired}` and accounts in Pool; the organization itself if there is none."""
    door = MotoDoor(endpoint)
    try:
        return _prepare(door, stage, accounts)
    finally:
        door.close()


def _prepare(door: MotoDoor, stage: str, accounts: int) -> Organization:
    def ask(operation: str, **parameters: Any) -> dict[str, Any]:
        return door.call(door.management, "organizations", operation, parameters)

    try:
        ask("CreateOrganization", FeatureSet="ALL")
    except Refused as refused:
        if refused.code != "AlreadyInOrganizationException":
            raise
    root = ask("ListRoots")["Roots"][0]["Id"]
    ous: dict[str, str] = {}
    for name, parent in (("Sandbox", ""), (stage, "Sandbox"), *((name, stage) for name in OUS)):
        made = ask("CreateOrganizationalUnit", ParentId=ous.get(parent, root), Name=name)
        ous[name] = made["OrganizationalUnit"]["Id"]
    pool = []
    for n in range(1, accounts + 1):
        asked = {"AccountName": f"sandbox-pool-{n:03}", "Email": f"aws+pool-{n:03}@model-bank.example"}
        account = ask("CreateAccount", **asked)["CreateAccountStatus"]["AccountId"]
        ask("MoveAccount", AccountId=account, SourceParentId=root, DestinationParentId=ous["Pool"])
        pool.append(account)
    return Organization(door.management, root, ous, pool)
