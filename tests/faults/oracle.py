"""Judges a world by what the simulated AWS has, never by what the engine believes; the engine's store is only compared with it.

*leaked*: there, and nobody needs it. *doubled*: two living things of one purpose, at any moment. *lost*: an acknowledged
command that is not kept, never ends, or ended well without what it promised; a thing that should be there and is not.
"""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from sandboxd.simulator.calls import Entry
from sandboxd.simulator.given import given_away
from sandboxd.simulator.inventory import Item, inventory
from sandboxd.simulator.rows import Row
from sandboxd.world import World
from tests.faults.repeated import Repeats
from tests.faults.serving import ungiven, unready, unserved

KEY, SANDBOX = "sandboxd:key", "sandboxd:sandbox"
GOING = frozenset({"shutting-down", "terminated", "deleting", "deleted", "failed"})
AWAKE = frozenset({"pending", "running"})
LAST = frozenset({"DeleteVpc", "DeleteSecurityGroup", "DeleteRouteTable", "DeleteRole", "DeleteInstanceProfile"})
"""nothing of AWS's own lingers on these: who keeps the order is never refused"""
BILLED = ("nat-gateway", "elastic-ip", "load-balancer", "web-acl")
NO_PARAMETERS: Mapping[str, object] = MappingProxyType({})

NETWORK = Counter({
    "vpc": 1, "internet-gateway": 1, "subnet": 1, "route-table": 2, "association": 1, "elastic-ip": 1, "nat-gateway": 1,
    "role": 1, "instance-profile": 1,
})  # fmt: skip
INGRESS = Counter({
    "subnet": 3, "association": 3, "security-group": 2, "machine": 2, "load-balancer": 1, "listener": 1, "target-group": 1,
    "web-acl": 1,
})  # fmt: skip
LAYER_4 = Counter({"load-balancer": 1, "security-group": 1})
DESKTOP = Counter({"subnet": 2, "association": 2, "security-group": 1, "stack": 1, "fleet": 1, "fleet-association": 1})
OWN = {
    "trial": Counter({"subnet": 1, "association": 1, "security-group": 1, "rule": 1, "machine": 1}),
    "training": Counter({"subnet": 1, "association": 1, "security-group": 1, "machine": 1, "parameter": 1}),
    "model-bank": Counter({"subnet": 1, "association": 1, "security-group": 2, "machine": 2, "parameter": 2}),
}
"""what one sandbox of a profile has for itself once it is started; `rule`: counted where it is not 0"""
OWN_LAYER_4 = Counter({"target-group": 1, "listener": 1})


def shared_by(profile: str, parameters: Mapping[str, object]) -> Counter[str]:
    """What sandboxes of a profile share once one of them is started."""
    counts = Counter(NETWORK)
    counts += INGRESS if profile != "trial" else Counter()
    counts += LAYER_4 if parameters.get("amq") else Counter()
    return counts + (DESKTOP if parameters.get("smart_client") else Counter())


def own_of(profile: str, parameters: Mapping[str, object]) -> Counter[str]:
    """What one of them has for itself."""
    return OWN[profile] + (OWN_LAYER_4 if parameters.get("amq") else Counter())


class Oracle:
    """Watches a world from its first moment; `leaked`, `doubled` and `lost` hold its findings as sentences."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen = 0
        self._repeats = Repeats(world.simulated)
        self._given = Counter(given_away(world.simulated))
        """what nobody asked sandboxd for"""
        self._kept: dict[tuple[str, str], list[str]] = {}
        """(account, sandbox) -> its machines since it was started: nobody but who deletes it may lose what is on them"""
        self.leaked: list[str] = []
        self.doubled: list[str] = []
        self.lost: list[str] = []

    @property
    def findings(self) -> list[str]:
        """All of them, with their class."""
        return [
            f"{name}: {text}" for name in ("leaked", "doubled", "lost") for text in dict.fromkeys(getattr(self, name))
        ]

    # ---- at any moment
    def look(self) -> None:
        """After a call: nothing that it made may be there twice, nothing was to be removed from under something else."""
        log, rows = self._world.simulated.log, self._world.simulated.rows
        entries = list(log.since(self._seen))
        self._seen = log.count
        self.lost += self._repeats.lost()
        for entry in entries:
            if (
                entry.error in ("DependencyViolation", "DeleteConflict")
                and entry.operation in LAST
                and not self._lingers(entry)
            ):
                self.lost.append(f"{entry.operation} was sent before what stands on it was gone")
            if entry.operation == "TerminateInstances" and not entry.error:
                self.lost += [f"{one} was terminated with what is on it" for one in entry.refs if self._is_kept(one)]
            for change in entry.changes:
                if not change.removed and (row := rows.find(change.what)) is not None:
                    self._look_at(row)

    def _is_kept(self, machine: str) -> bool:
        return any(machine in machines for machines in self._kept.values())

    def keep(self, account: str, name: str, sandbox: str) -> None:
        """From now on there is something on the machines of a sandbox."""
        mine = (item for item in self.there(account) if item["tags"].get(SANDBOX) == sandbox)
        self._kept[account, name] = [item["id"] for item in mine if item["kind"] == "machine"]

    def give_up(self, account: str, name: str) -> None:
        """From now on there is nothing that matters on them."""
        self._kept.pop((account, name), None)

    def _lingers(self, entry: Entry) -> bool:
        """Whether what a service of AWS left behind holds it: the interfaces of a load balancer or a fleet, for minutes."""
        held = (self._world.simulated.rows.holders(ref, entry.at, "interface") for ref in entry.refs)
        return any("machine" not in row.refs for rows in held for row in rows)

    def _look_at(self, row: Row) -> None:
        now = self._now
        self.doubled += self._repeats.doubled(row)
        if KEY not in row.tags or row.state(now) in GOING:
            return
        twins = [
            other.id
            for other in self._world.simulated.rows.of(row.account, row.region, row.kind)
            if other.tags.get(KEY) == row.tags[KEY] and other.state(now) not in GOING
        ]
        if len(twins) > 1:
            self.doubled.append(f"{row.tags[KEY]} is there as {', '.join(twins)}")

    # ---- at rest
    def there(self, account: str) -> list[Item]:
        """What the account has."""
        return [item for item in inventory(self._world.simulated) if item["account"] == account]

    def empty(self, account: str) -> None:
        """Nothing is left."""
        self.leaked += [f"{item['kind']} {item['id']} ({item['state']})" for item in self.there(account)]
        given = Counter(given_away(self._world.simulated)) - self._given
        self.leaked += [f"{gift.kind} {gift.id} is still given to it" for gift in given if gift.account == account]

    def promised(self, verb: str, account: str, sandbox: str, profile: str, *, alone: bool) -> None:
        """What an operation that ended well promised is so."""
        mine = [item for item in self.there(account) if item["tags"].get(SANDBOX) == sandbox]
        machines = [item["state"] for item in mine if item["kind"] == "machine"]
        if verb in ("create", "start") and Counter(machines) != Counter({"running": OWN[profile]["machine"]}):
            self.lost.append(f"{verb} succeeded, the machines are {machines or 'not there'}")
        if verb == "stop" and AWAKE.intersection(machines):
            self.leaked.append(f"stop succeeded, the machines are {machines}")
        if verb == "delete" and mine:
            self.leaked.append(f"delete succeeded, and there are {[item['id'] for item in mine]}")
        if verb in ("stop", "delete") and alone:
            there = self.there(account)
            bills = [item["id"] for item in there if item["kind"] in BILLED]
            bills += [item["id"] for item in there if item["kind"] == "fleet" and item["state"] != "STOPPED"]
            bills += [item["id"] for item in there if item["kind"] == "machine" and item["state"] in AWAKE]
            self.leaked += [f"{verb} succeeded, and {one} bills by the hour" for one in bills]

    def believed(self, state: str, account: str, sandbox: str) -> None:
        """What is said of a sandbox at rest is so: a call that landed late, or a loss, must not go unseen."""
        machines = [
            item["state"]
            for item in self.there(account)
            if item["kind"] == "machine" and item["tags"].get(SANDBOX) == sandbox
        ]
        wrong = {"started": {"stopped"}, "stopped": AWAKE, "deleted": {*AWAKE, "stopped"}}.get(state, set())
        if wrong.intersection(machines):
            self.lost.append(f"a sandbox is {state}, its machines are {machines}")

    def whole(
        self, account: str, sandboxes: int, profile: str, parameters: Mapping[str, object] = NO_PARAMETERS
    ) -> None:
        """All sandboxes are started: one of each, and nothing else."""
        wanted = shared_by(profile, parameters)
        for _ in range(sandboxes):
            wanted += own_of(profile, parameters)
        found = Counter(item["kind"] for item in self.there(account))
        if not wanted["rule"]:
            del found["rule"]
        for kind in sorted({*wanted, *found}):
            if found[kind] > wanted[kind]:
                self.doubled.append(f"{found[kind]} of {kind}, {wanted[kind]} expected")
            if found[kind] < wanted[kind]:
                self.lost.append(f"{found[kind]} of {kind}, {wanted[kind]} expected")
        self.lost += unserved(self._world.simulated, account, profile, sandboxes)
        self.lost += ungiven(self._world.simulated, account, profile)
        self.lost += unready(self._world.simulated, account)

    @property
    def _now(self) -> float:
        return self._world.simulated.clock.now()
