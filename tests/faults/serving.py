"""Whether what is started can be reached and has what it was given: read from balancers, Envoys and the image account."""

from collections import Counter
from collections.abc import Iterator

from sandboxd.simulator.given import given_away
from sandboxd.simulator.rows import Row
from sandboxd.simulator.world import World

HOSTS = {"trial": 0, "training": 1, "model-bank": 2}
"""profile -> hosts that each sandbox answers to"""
GIVEN = {
    "trial": Counter[str](),
    "training": Counter({"image": 1, "grant": 1}),
    "model-bank": Counter({"image": 3, "grant": 3, "repository": 4}),
}
"""what an account is given while it has sandboxes of a profile"""
ENVOYS = 2


def unserved(world: World, account: str, profile: str, sandboxes: int) -> Iterator[str]:
    """What is wrong with the way in, as sentences."""
    now = world.clock.now()
    rows = [row for row in world.rows.all() if row.account == account and not row.is_gone(now)]
    envoys = [row for row in rows if row.kind == "machine" and "envoy" in row.data.get("disk", {})]
    for envoy in envoys:
        hosts = {host for host in envoy.data["serves"] if host != "*"}
        if len(hosts) != sandboxes * HOSTS[profile]:
            yield f"{envoy.id} answers to {sorted(hosts)}, {sandboxes} sandboxes are started"
    if envoys and len(envoys) != ENVOYS:
        yield f"{len(envoys)} Envoys answer"
    yield from _unbalanced(rows, {envoy.id for envoy in envoys}, now)


def _unbalanced(rows: list[Row], envoys: set[str], now: float) -> Iterator[str]:
    for group in (row for row in rows if row.kind == "target-group"):
        mine = [row for row in rows if row.kind == "target" and row.id.startswith(f"{group.id} ")]
        living = {row.id for row in rows if row.kind == "machine"}  # AWS takes out what is terminated
        targets = living & {row.data["target"] for row in mine if row.state(now) == "registered"}
        if targets != envoys:
            yield f"{group.data['name']} leads to {sorted(targets)}, the Envoys are {sorted(envoys)}"


def ungiven(world: World, account: str, profile: str) -> Iterator[str]:
    """What the image account has not given, or twice, as sentences."""
    given = Counter(gift.kind for gift in given_away(world) if gift.account == account)
    if given != GIVEN[profile]:
        yield f"the account is given {dict(given)}, it needs {dict(GIVEN[profile])}"


def unready(world: World, account: str) -> Iterator[str]:
    """What is there and does not work: ways that lead to something gone, fleets that nobody can enter."""
    now = world.clock.now()
    rows = [row for row in world.rows.all() if row.account == account and not row.is_gone(now)]
    living = {row.id for row in rows}
    for row in rows:
        match row.kind:
            case "route-table":
                ways = (one.get("NatGatewayId") or one.get("GatewayId") or "local" for one in row.data["routes"])
                yield from (
                    f"a way of {row.id} leads to {way}, which is gone" for way in ways if way not in {*living, "local"}
                )
            case "fleet" if row.state(now) != "RUNNING":
                yield f"{row.data['name']} is {row.state(now)}"
            case "listener" | "load-balancer":
                lost = [other for other in row.refs.values() if other not in living]
                yield from (f"{row.id} leads to {other}, which is gone" for other in lost)
