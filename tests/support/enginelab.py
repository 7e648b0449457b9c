"""A laboratory for the engine: the simulator in process under a clock that tests move, faults by script, rows by hand.

`Driver` does with rows what decide and the actor do with them, without rules: one step at a time or a whole graph.
"""

import contextlib
from collections.abc import Callable, Mapping
from copy import deepcopy

import trio
from msgspec import structs

from sandboxd.aws import outcomes
from sandboxd.aws.kinds import by_name, specs
from sandboxd.engine.engine import Engine, Identity, Owner
from sandboxd.engine.resolve import resolve_images, zones
from sandboxd.engine.settings import EngineSettings
from sandboxd.lifecycle.messages import Called, Ended, Progress, Start, Stay, Unknown
from sandboxd.model.keys import SHARED, make_key
from sandboxd.model.ports import AwsError, Scope
from sandboxd.model.readings import Reading
from sandboxd.model.resource import Node, Row, Step
from sandboxd.simulator import ApiError, NoReply, SimClock, open_world
from sandboxd.simulator.calls import is_mutation
from sandboxd.simulator.furnish import furnish
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.world import REGIONS

HOURS = 7200.0
"""of the lab's clock, after which a test fails instead of jumping on for ever"""
ORIGIN = 1_800_000_000.0
REGION = "eu-central-1"
SANDBOX = "sbx_01"
IDENTITY = Identity(install="inst-1", secret=b"s" * 32, management_account="111122223333")


class LabClock:
    """Trio's own time, as the daemon's clock."""

    pace = 1.0

    def now(self):
        return ORIGIN + trio.current_time()

    def monotonic(self):
        return trio.current_time()

    def reading(self):
        return Reading("lab", trio.current_time(), self.now())

    async def sleep(self, seconds):
        await trio.sleep(max(0.0, seconds))


class Crash(BaseException):
    """The daemon dies here."""


class Lab:
    """One world, one account, a call that can be disturbed."""

    def __init__(self, seed=1, *, pool=2, shared=True, regions=REGIONS):
        clock = SimClock(pace=1.0, origin=ORIGIN, real=lambda: ORIGIN + trio.current_time())
        self.clock = LabClock()
        self.world = open_world(clock=clock, seed=seed, regions=regions)
        furnish(self.world, pool=pool, shared=shared)
        self.account = next(i for i, a in self.world.organization["accounts"].items() if "pool" in a["name"])
        self.calls = []
        self.faults: dict[str, list] = {}
        self.nursery, self.lands_after = None, 60.0

    def disturb(self, operation, *actions):
        """The next calls of an operation: `lose`, `drop`, `late`, `crash-before`, `crash-after`, `crash-late`, `empty`, or an error code."""
        self.faults.setdefault(operation, []).extend(actions)

    async def call(self, scope, service, operation, parameters):
        self.calls.append((operation, scope.account, deepcopy(dict(parameters))))
        action = self.faults[operation].pop(0) if self.faults.get(operation) else ""
        if action == "crash-before":
            raise Crash(operation)
        await trio.sleep(0.15)
        if action == "drop":
            raise AwsError("unknown", "Timeout", "no answer")
        if action in ("late", "crash-late"):
            self.nursery.start_soon(self._land, scope, service, operation, dict(parameters))
            if action == "crash-late":
                raise Crash(operation)
            raise AwsError("unknown", "Timeout", "no answer")
        if action and action not in ("lose", "crash-after", "empty"):
            status = 500 if action == "InternalError" else 400
            raise AwsError(outcomes.outcome(service, action, status), action, "by script", status)
        if action in ("lose", "crash-after", "empty"):
            with contextlib.suppress(AwsError):
                self._answer(scope, service, operation, parameters)
            await self._after(action, operation)
            return {}
        answer = self._answer(scope, service, operation, parameters)
        await trio.sleep(0.15)
        return answer

    async def _after(self, action, operation):
        if action == "crash-after":
            raise Crash(operation)
        if action == "lose":
            raise AwsError("unknown", "ConnectionClosed", "reply lost")
        await trio.sleep(0.15)

    async def _land(self, scope, service, operation, parameters):
        await trio.sleep(self.lands_after)
        with contextlib.suppress(AwsError):
            self._answer(scope, service, operation, parameters)

    def _answer(self, scope, service, operation, parameters):
        account = scope.account
        try:
            answer = self.world.call(self.world.caller(account), scope.region, service, operation, dict(parameters))
        except ApiError as error:
            raise AwsError(
                outcomes.outcome(service, error.code, error.status), error.code, error.message, error.status
            ) from None
        except NoReply as none:
            raise AwsError("unknown", "ConnectionClosed", none.how) from None
        return answer

    @property
    def mutations(self):
        return [operation for operation, *_ in self.calls if is_mutation(operation)]

    @property
    def reads(self):
        return [operation for operation, *_ in self.calls if not is_mutation(operation)]

    def there(self):
        """kind -> how many are alive in the account."""
        counts: dict[str, int] = {}
        for one in inventory(self.world):
            if one["account"] == self.account:
                counts[one["kind"]] = counts.get(one["kind"], 0) + 1
        return counts

    def engine(self, call=None, places=dict, held=lambda _: {}, **settings):
        return Engine(
            call=call or self.call,
            clock=self.clock,
            kinds=by_name(),
            settings=EngineSettings(**settings),
            identity=IDENTITY,
            places=places,
            held=held,
        )


class Ssm:
    """An image reference as profiles have it."""

    ssm = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


async def image_of(lab):
    """The image that `trial` launches, resolved."""
    found = await resolve_images(lab.call, "111122223333", Scope(lab.account, REGION), {"al2023": Ssm()})
    lab.calls.clear()
    return found["al2023"]


async def zone_of(lab):
    """The zone that a sandbox of one small machine gets."""
    zone, *_ = await zones(lab.call, Scope(lab.account, REGION), ["t3.micro"])
    lab.calls.clear()
    return zone


def shared(name):
    return make_key(REGION, SHARED, name)


def own(name):
    return make_key(REGION, SANDBOX, name)


def nodes(image="ami-x", zone="", machines=("acp",), rules=1) -> list[Node]:
    """The graph of a sandbox, names and roles as profiles expand them; each stands on earlier ones only."""
    s = specs()
    vpc, igw, nat, private = shared("vpc"), shared("igw"), shared("nat"), shared("private")
    named = {"name": "sandboxd-dev-machines"}
    out_only = {"direction": "egress", "protocol": "tcp", "cidr": "0.0.0.0/0", "description": "out"}
    out = [
        s["instance-role"].node(shared("instance-role"), {}, **named),
        s["instance-profile"].node(shared("instance-profile"), {"role": (shared("instance-role"),)}, **named),
        s["vpc"].node(vpc, {}, cidr="10.0.0.0/16", name="dev-vpc"),
        s["internet-gateway"].node(igw, {"vpc": (vpc,)}, name="dev-igw"),
        s["subnet"].node(shared("public-a"), {"vpc": (vpc,)}, cidr="10.0.0.0/24", zone=zone, name="dev-public-a"),
        s["route-table"].node(shared("public"), {"vpc": (vpc,)}, name="dev-public"),
        s["route"].node(
            shared("public-default"), {"table": (shared("public"),), "gateway": (igw,)}, destination="0.0.0.0/0"
        ),
        s["route-table-association"].node(
            shared("public-a-assoc"), {"table": (shared("public"),), "subnet": (shared("public-a"),)}
        ),
        s["route-table"].node(private, {"vpc": (vpc,)}, name="dev-private"),
        s["elastic-ip"].node(shared("eip"), {}, name="dev-eip"),
        s["nat-gateway"].node(
            nat, {"subnet": (shared("public-a"),), "address": (shared("eip"),), "gateway": (igw,)}, name="dev-nat"
        ),
        s["route"].node(shared("private-default"), {"table": (private,), "nat": (nat,)}, destination="0.0.0.0/0"),
        s["subnet"].node(own("subnet"), {"vpc": (vpc,)}, cidr="10.0.16.0/24", zone=zone, name="bank-subnet"),
        s["route-table-association"].node(own("subnet-assoc"), {"table": (private,), "subnet": (own("subnet"),)}),
    ]
    for name in machines:
        group, egress = own(f"{name}-sg"), [own(f"{name}-egress-{n}") for n in range(1, rules + 1)]
        out.append(s["security-group"].node(group, {"vpc": (vpc,)}, name=f"bank-{name}", description=f"machine {name}"))
        out += [
            s["security-group-rule"].node(rule, {"group": (group,)}, **out_only, from_port=442 + n, to_port=442 + n)
            for n, rule in enumerate(egress, 1)
        ]
        out.append(
            s["machine"].node(
                own(name),
                {
                    "subnet": (own("subnet"),),
                    "groups": (group,),
                    "profile": (shared("instance-profile"),),
                    "way": (shared("private-default"), own("subnet-assoc"), *egress),
                },
                name=f"bank-{name}",
                image=image,
                type="t3.micro",
                disk=30,
            )
        )
    return out


class Driver:
    """Rows and an engine: what decide and the actor do, without their rules."""

    def __init__(self, lab: Lab, graph=(), **settings):
        self.lab = lab
        self.rows = {node.key: Row(node=node) for node in graph}
        self.settings = settings
        self.engine = lab.engine(**settings)
        self.who = Owner(lab.account, "ten_01")
        self.messages = []
        self.ends = []
        self.life = 0
        self.changed = trio.Event()
        self.entered: Callable[[str], None] = lambda _: None

    def facts_of(self, key) -> Mapping[str, str]:
        return self.rows[key].facts if key in self.rows else {}

    def restart(self):
        """A new life of the daemon over what is durable; what the old one still says reaches nobody."""
        self.life += 1
        self.engine = self.lab.engine(**self.settings)
        for row in self.rows.values():  # as lifecycle/recovery.py takes them up
            if row.intent is not None and row.flight is not None and not row.waiting:
                row.intent = structs.replace(row.intent, unknown_at=self.lab.clock.now())

    async def through(self, work, pause=5):
        """Do this, through as many deaths of the daemon as the lab has in store; return how many there were."""
        deaths = 0
        while True:
            try:
                await work()
            except* Crash:
                deaths += 1
                self.restart()
                await trio.sleep(pause)
            else:
                return deaths

    def begin(self, key, way, to) -> Start:
        row = self.rows[key]
        between = row.hi > row.lo
        if way == "raise" and row.hi == 0:
            row.generation += 1
        row.flight, row.run = Step(way, to), row.run + 1
        row.hi = max(row.hi, to)
        return self._due(key, resumed=between and way == "raise")

    def _due(self, key, *, resumed) -> Start:
        row = self.rows[key]
        start = Start(key, row.flight, row.generation, row.run, resumed)
        row.intent = self.engine.render(self.who, row, start, self.facts_of, self.lab.clock.now())
        return start

    async def resume(self, key) -> Ended:
        """Take a step up again that a former life left in flight."""
        return await self.carry_out(key, self._due(key, resumed=True))

    async def step(self, key, way, to) -> Ended:
        return await self.carry_out(key, self.begin(key, way, to))

    async def carry_out(self, key, start) -> Ended:
        ended, life = [], self.life

        def post(message):
            if self.life != life:
                return
            self.messages.append(message)
            self.apply(message)
            if isinstance(message, Ended):
                ended.append(message)

        await self.engine.run(self.who, deepcopy(self.rows[key]), start, post, self.rows)
        assert len(ended) == 1
        return ended[0]

    def apply(self, message):
        if isinstance(message, Progress):
            return
        row = self.rows[message.key]
        match message:
            case Called(facts=facts):
                row.waiting, row.facts = True, row.facts | facts
            case Unknown(at=at):
                row.intent = structs.replace(row.intent, unknown_at=at)
            case Ended():
                self._ended(row, message)
        self.changed.set()
        self.changed = trio.Event()

    def _ended(self, row, message):
        step, row.flight, row.waiting = row.flight, None, False
        row.facts = row.facts | message.facts
        match message.left:
            case "done":
                row.lo = row.hi = step.to
                row.spoiled = False
            case "absent":
                row.lo = row.hi = 0
            case "nothing":
                row.hi = row.lo
            case "spoiled":
                row.spoiled = True
        if row.hi == 0:
            row.facts = {}
        if message.left == "done" and not row.intent.may_land:
            row.intent = None

    def may_stay(self):
        return {key: Stay(row.hi, row.facts.get("id", "")) for key, row in self.rows.items() if row.hi}

    # ---- whole graphs
    async def raise_all(self, goals=None):
        """Raise everything, each as soon as what it stands on is there."""
        with trio.fail_after(HOURS):
            async with trio.open_nursery() as nursery:
                for key, row in self.rows.items():
                    nursery.start_soon(self._climb, key, (goals or {}).get(key, len(row.node.states) - 1))

    async def _climb(self, key, goal):
        row = self.rows[key]
        if row.flight:
            self._pursue(await self.resume(key))
        while row.lo < goal:
            to = next((edge.to for edge in row.node.edges if (edge.at, edge.goal) == (row.lo, goal)), row.lo + 1)
            await self._until(lambda t=to: self._may_enter(row, t))
            self._pursue(await self.step(key, "raise", to))

    def _pursue(self, ended):
        assert ended.left == "done" or ended.how == "temporary", ended
        self.ends.append(ended)

    def _may_enter(self, row, to):
        needs = [need for s in range(row.lo + 1, to + 1) for need in row.node.requires.get(s, ())]
        needs += [need for s in range(row.lo + 1, to + 1) for need in row.node.to_enter.get(s, ())]
        return all(self.rows[need.key].lo >= need.state for need in needs)

    async def lower_all(self, goals=None):
        """Lower everything, each as soon as nothing stands on it."""
        with trio.fail_after(HOURS):
            async with trio.open_nursery() as nursery:
                for key in self.rows:
                    nursery.start_soon(self._descend, key, (goals or {}).get(key, 0))

    async def _descend(self, key, goal):
        row = self.rows[key]
        if row.flight:
            self._pursue(await self.resume(key))
        while row.hi > goal:
            to = next((edge.to for edge in row.node.edges if (edge.at, edge.goal) == (row.hi, goal)), row.hi - 1)
            await self._until(lambda t=to: not self._held(key, t))
            self._pursue(await self.step(key, "lower", to))

    def _held(self, key, to):
        for other in self.rows.values():
            if key in other.node.loose:
                continue
            for state, needs in other.node.requires.items():
                if state <= other.hi and any(need.key == key and need.state > to for need in needs):
                    return True
        return False

    async def _until(self, condition):
        while not condition():
            await self.changed.wait()
