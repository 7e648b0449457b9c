"""`kill -9` of the daemon at many moments under load, beside a thousand idle accounts: nothing acknowledged is lost, nothing doubled.

`SANDBOXD_KILLS=2000` for the release run; a seed decides every moment and every command.
"""

import os
import random
import time
import uuid
from dataclasses import dataclass, field

import idle_accounts
import pytest
from harness import World, slowness, wait_until, world

from sandboxd.client.errors import ClientError, DaemonDown
from sandboxd.store import open_store

KILLS = int(os.environ.get("SANDBOXD_KILLS", "30"))
IDLE, TENANTS = 1000, ("acme", "beta", "gamma")
WITHIN = 2.0
"""real seconds from the start of the process until health answers"""
PATIENCE = 60.0
LONGEST = 1.2
"""real seconds that a daemon is let live after it was sent commands: forty simulated minutes"""
IMPATIENT = 0.4
"""how often somebody deletes what is still on its way"""
NEXT = {"started": ("stop", "delete"), "stopped": ("start", "delete"), "deleted": ("create",), "": ("create",)}


@dataclass
class People:
    """They send commands with keys, remember what was acknowledged, and send again what was not answered."""

    w: World
    rng: random.Random
    acknowledged: dict[str, str] = field(default_factory=dict)
    """key -> id of the operation"""
    unanswered: dict[str, tuple[str, dict | None]] = field(default_factory=dict)
    """key -> path and body"""
    refused: int = 0

    def send(self, tenant: str) -> None:
        """One command that the tenant's sandbox may take now."""
        state = self.state(tenant)
        verb = self.rng.choice(NEXT.get(state, ("delete",)))
        ref = f"{tenant}%2Fbank"
        if verb == "create":
            path, body = "POST /v1/sandboxes", {"name": "bank", "tenant": tenant, "profile": "trial"}
        elif verb == "delete":
            path, body = f"DELETE /v1/sandboxes/{ref}", None
        else:
            path, body = f"POST /v1/sandboxes/{ref}/{verb}", None
        self.unanswered[str(uuid.UUID(int=self.rng.getrandbits(128)))] = (path, body)
        self.again()

    def again(self) -> None:
        """Send what was not answered, with its old key: it is carried out once."""
        for key, (path, body) in list(self.unanswered.items()):
            try:
                answer = self.w.ask(*path.split(" "), body, key=key)
            except ClientError:
                self.refused += 1
            else:
                self.acknowledged[key] = answer["id"]
            del self.unanswered[key]

    def state(self, tenant: str) -> str:
        living = [one for one in self.w.ask("GET", "/v1/sandboxes")["items"] if one["tenant"] == tenant]
        return living[-1]["state"] if living else ""

    def check(self) -> None:
        """Every acknowledged operation is there."""
        for identifier in self.acknowledged.values():
            assert self.w.ask("GET", f"/v1/operations/{identifier}")["id"] == identifier

    def delete_all(self, patience: float) -> None:
        """To the end, whatever state things are in; each within so many seconds."""

        def gone(tenant: str) -> bool:
            if (state := self.state(tenant)) in ("deleted", ""):
                return True
            if state != "deleting":
                self.w.ask(
                    "DELETE", f"/v1/sandboxes/{tenant}%2Fbank", key=str(uuid.UUID(int=self.rng.getrandbits(128)))
                )
            return False

        for tenant in TENANTS:
            wait_until(lambda tenant=tenant: gone(tenant), f"{tenant} to be deleted", patience)


@pytest.fixture
def crowded():
    """A world whose store has a thousand tenants at rest beside those that work."""
    with world(pace=2000, pool=len(TENANTS)) as w:
        w.serve()
        for name in TENANTS:
            w.ask("POST", "/v1/tenants", {"name": name, "email": f"ops@{name}.example"}, key=name)
        wait_until(lambda: all(one["state"] == "active" for one in w.ask("GET", "/v1/tenants")["items"]), "tenants")
        assert w.daemon.terminate() == 0
        with open_store(w.state_dir / "sandboxd.db") as store:
            idle_accounts.add(store, IDLE)
        w.serve()
        yield w


def doubled(w: World) -> list[str]:
    """Keys of resources that exist twice."""
    seen: dict[str, int] = {}
    for thing in w.inventory():
        tags = thing.get("tags") or {}
        if name := tags.get("sandboxd:key"):
            seen[f"{thing['account']} {name}"] = seen.get(f"{thing['account']} {name}", 0) + 1
    return [name for name, times in seen.items() if times > 1]


def test_many_kills(crowded, covered):
    """Killed at seeded moments while commands are sent; each time it serves again at once, with all that it had promised."""
    w, rng = crowded, random.Random(5)
    people, restarts, slow = People(w, rng), [], slowness()
    for number in range(KILLS):
        try:
            for tenant in rng.sample(TENANTS, 2):
                state = people.state(tenant)
                if state in NEXT or (state != "deleting" and rng.random() < IMPATIENT):
                    people.send(tenant)
        except DaemonDown:
            pass
        moment = time.monotonic() + rng.random() * LONGEST
        wait_until(lambda moment=moment: time.monotonic() >= moment, "the moment")
        w.daemon.kill()
        began = time.monotonic()
        w.daemon.restart()
        wait_until(w.health, f"the daemon after kill {number}")
        restarts.append(time.monotonic() - began)
        people.again()
        people.check()
        assert doubled(w) == []
        slow = max(slow, slowness()) if number % 10 == 9 else slow
    slow = max(slow, slowness())
    people.delete_all(PATIENCE * max(1.0, slow))
    people.check()
    assert w.inventory() == []
    times = sorted(restarts)
    covered(
        f"{KILLS} kills, {len(people.acknowledged)} operations acknowledged, {people.refused} refused, 0 lost, 0 doubled; "
        f"serving again in {times[len(times) // 2]:.2f} s (median), {times[-1]:.2f} s (most), machine {slow:.1f} times slower"
    )
    assert len(people.acknowledged) > KILLS // 6
    assert times[len(times) // 2] < WITHIN * slow
