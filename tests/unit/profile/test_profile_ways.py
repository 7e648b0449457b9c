"""The network of an account with everything in it: who reaches whom, for random profiles and two sandboxes in one account."""

import random
from itertools import product

import pytest
from reach import INTERNET, of_nodes

from sandboxd.aws.kinds import specs
from sandboxd.model.profile import Access, Image, Ingress, Machine, Profile, Route, Rule, SmartClient
from sandboxd.profile import load
from sandboxd.profile.draft import Draft
from sandboxd.profile.machines import group
from sandboxd.profile.network import envoy_address, own_subnet, shared_network, slots_in
from sandboxd.profile.ways import (
    Ways,
    balancer_ways,
    desktop_ways,
    envoy_out,
    layer_4_ways,
    machine_ways,
    network_of,
    ports_of,
    route_ways,
    shared_group,
    tcp,
)

ZONES = ("z1", "z2")
FRONTS, BACK = (80, 443), 8080
BALANCERS = ("alb", "nlb")


def whole(profile, sandboxes, *, sources=("0.0.0.0/0",)):
    """Nodes of an account in which sandboxes of a profile have everything that there will be."""
    nodes = {}
    for number, name in enumerate(sandboxes):
        draft = Draft(kinds=specs(), region="r", sandbox=name, names={"shared": "dev", "own": name})
        network = shared_network(draft, profile, ZONES, ingress=True, desktop=True)
        own_subnet(draft, profile, ZONES, number)
        groups = {one: group(draft, one) for one in profile.machines}
        shared = {one: shared_group(draft, one, one) for one in (*BALANCERS, "envoy", "desktop")}
        _open(draft, profile, groups, shared, 20_000 + number, sources)
        for one in profile.machines:
            _endpoint(draft, one, draft.key("subnet", shared=False), groups[one], shared=False)
        for n, subnet in enumerate(network.ingress):
            _endpoint(draft, f"envoy-{n}", subnet, shared["envoy"])
        for balancer, (n, subnet) in product(BALANCERS, enumerate(network.public)):
            _endpoint(draft, f"{balancer}-{n}", subnet, shared[balancer])
        for n, subnet in enumerate(network.desktop):
            _endpoint(draft, f"desktop-{n}", subnet, shared["desktop"])
        for node in draft.nodes:
            assert node.key not in nodes or nodes[node.key] == node, f"{node.key} is two things"
            nodes[node.key] = node
    return list(nodes.values())


def _endpoint(draft, name, subnet, its_group, *, shared=True):
    draft.add(
        "machine",
        name,
        shared=shared,
        links={"subnet": (subnet,), "groups": (its_group,)},
        image="ami",
        type="t3.micro",
    )


def _open(draft, profile, groups, shared, port, sources):
    ways = Ways(draft)
    for name, machine in profile.machines.items():
        machine_ways(ways, name, machine, groups)
    envoy_out(ways, shared["envoy"])
    balancer_ways(ways, shared["alb"], shared["envoy"], FRONTS, BACK, sources)
    for route in profile.ingress.routes:
        if route.layer == "tcp":
            layer_4_ways(ways, shared["nlb"], shared["envoy"], port, sources)
        route_ways(ways, shared["envoy"], groups[route.machine], route.machine, route.port, route.name)
    for one in profile.smart_client.access:
        desktop_ways(
            ways, shared["desktop"], groups[one.machine], one.machine, tcp(one.port, one.to_port), "Smart Client"
        )
    ways.add()


def net_of(nodes):
    return of_nodes(nodes, public={node.key for node in nodes if node.key.split("/")[2].split("-")[0] in BALANCERS})


def own(name, machine):
    return f"r/{name}/{machine}"


def shared_end(name):
    return f"r/shared/{name}"


def random_profile(seed):
    rng = random.Random(seed)
    names = ["a", "b", "c", "d"][: rng.randint(1, 4)]
    image = Image(ssm="/x")

    def rule(me, *, egress):
        others = [one for one in names if one != me]
        protocol = rng.choice(("tcp", "tcp", "udp", "all", "icmp"))
        first = rng.randint(1, 65000)
        port, to_port = (
            (first, rng.choice((None, first + rng.randint(0, 500)))) if protocol in ("tcp", "udp") else (None, None)
        )
        where = (
            {"peer": rng.choice(others)}
            if others and (not egress or rng.random() < 0.6)
            else {"cidr": rng.choice(WIDE)}
        )
        return Rule(protocol=protocol, port=port, to_port=to_port, description=rng.choice(("", "why")), **where)

    machines = {
        name: Machine(
            image=image, type="t3.micro", disk=8, egress=tuple(rule(name, egress=True) for _ in range(rng.randint(0, 4))),
            ingress=tuple(rule(name, egress=False) for _ in range(rng.randint(0, 4) if len(names) > 1 else 0)),
        )
        for name in names
    }  # fmt: skip
    routes = tuple(
        Route(
            name=f"r{n}",
            machine=rng.choice(names),
            port=rng.choice((443, 8443, 61617)),
            layer=rng.choice(("http", "tcp")),
        )
        for n in range(rng.randint(1, 4))
    )
    access = tuple(
        Access(machine=rng.choice(names), port=8080, to_port=rng.choice((None, 8099))) for _ in range(rng.randint(0, 3))
    )
    return Profile(
        name="x", summary="", machines=machines, ingress=Ingress(routes=routes, sources=("0.0.0.0/0",)),
        smart_client=SmartClient(access=access),
    )  # fmt: skip


WIDE = ("0.0.0.0/0", "10.0.0.0/16", "10.0.16.0/20", "192.0.2.0/24", "10.0.17.0/24")


@pytest.mark.parametrize("seed", range(150))
def test_sandboxes_cannot_reach_each_other(seed):
    """From any machine of one to any of the other, also with egress to all of the VPC; only load balancers are open outside."""
    profile = random_profile(seed) if seed else load("model-bank")
    net = net_of(whole(profile, ["one", "two"]))
    for here, there in product(profile.machines, repeat=2):
        assert net.flows(own("one", here), own("two", there)) == set()
        assert net.flows(own("two", there), own("one", here)) == set()
    open_ = {name.split("/")[2].split("-")[0] for name in net.endpoints if net.flows(INTERNET, name)}
    assert open_ <= set(BALANCERS)
    others = [name for name in net.endpoints if name.split("/")[1] != "one"]
    for machine in profile.machines:
        entered = {name.split("/")[2].split("-")[0] for name in others if net.flows(own("one", machine), name)}
        assert entered <= set(BALANCERS), "beside its own sandbox only what is open to everybody"


@pytest.mark.parametrize("seed", range(150))
def test_every_listed_way_works(seed):
    """Peers that both sides list, the ingress from end to end, the fleet; in both sandboxes."""
    profile = random_profile(seed) if seed else load("model-bank")
    net = net_of(whole(profile, ["one", "two"]))
    for name, (me, machine) in product(("one", "two"), profile.machines.items()):
        for rule in machine.egress:
            if rule.peer is None:
                works = INTERNET if not rule.cidr.startswith("10.") else None
                assert works is None or ports_of(rule) in net.flows(own(name, me), works)
                continue
            matching = [other for other in profile.machines[rule.peer].ingress if other.peer == me]
            if any(_meet(rule, other) for other in matching):
                assert net.flows(own(name, me), own(name, rule.peer))
    for n in (0, 1):
        assert net.flows(INTERNET, shared_end(f"alb-{n}")) == {("tcp", port, port) for port in FRONTS}
        assert ("tcp", BACK, BACK) in net.flows(shared_end("alb-0"), shared_end(f"envoy-{n}"))
        assert ("tcp", 443, 443) in net.flows(shared_end(f"envoy-{n}"), INTERNET)
        for name, route in product(("one", "two"), profile.ingress.routes):
            assert ("tcp", route.port, route.port) in net.flows(shared_end(f"envoy-{n}"), own(name, route.machine))
        for name, one in product(("one", "two"), profile.smart_client.access):
            last = one.port if one.to_port is None else one.to_port
            assert ("tcp", one.port, last) in net.flows(shared_end(f"desktop-{n}"), own(name, one.machine))


def _meet(rule, other):
    one, two = ports_of(rule), ports_of(other)
    if "-1" in (one.protocol, two.protocol):
        return True
    same = one.protocol == two.protocol
    return same and (one.first == -1 or max(one.first, two.first) <= min(one.last, two.last))


def test_layer_4_has_one_port_for_each_sandbox():
    """Open as long as the sandbox has it; the rules are its own and go with it."""
    profile = load("model-bank")
    alone, both = net_of(whole(profile, ["one"])), net_of(whole(profile, ["one", "two"]))
    assert alone.flows(INTERNET, shared_end("nlb-0")) == {("tcp", 20_000, 20_000)}
    assert both.flows(INTERNET, shared_end("nlb-0")) == {("tcp", 20_000, 20_000), ("tcp", 20_001, 20_001)}
    nodes = whole(profile, ["one", "two"])
    left = net_of([node for node in nodes if "/two/" not in node.key])
    assert left.flows(INTERNET, shared_end("nlb-0")) == {("tcp", 20_000, 20_000)}
    assert left.rules == alone.rules


def test_only_allowed_sources_come_in():
    """The ranges of [ingress] sources, and nothing wider."""
    nodes = whole(load("model-bank"), ["one"], sources=("192.0.2.7/24", "198.51.100.0/24"))
    rules = [rule for rule in net_of(nodes).rules if not rule.egress and rule.cidr is not None]
    assert {str(rule.cidr) for rule in rules} == {"192.0.2.0/24", "198.51.100.0/24"}


def test_the_laboratory_sees_an_open_door():
    """One rule too many, and the proof fails: a range instead of a peer."""
    profile = load("model-bank")
    machine = profile.machines["ocp"]
    leaky = Machine(
        image=machine.image,
        type="t3.micro",
        disk=8,
        egress=machine.egress,
        ingress=(Rule(port=443, cidr="10.0.0.0/16"),),
    )
    net = net_of(whole(Profile(
        name="x", summary="", machines={**profile.machines, "ocp": leaky}, ingress=profile.ingress, smart_client=profile.smart_client,
    ), ["one", "two"]))  # fmt: skip
    assert net.flows(own("one", "acp"), own("two", "ocp")) == {("tcp", 443, 443)}


# ---- rules as AWS keeps them
def rules_of(*rules):
    draft = Draft(kinds=specs(), region="r", sandbox="s", names={"shared": "dev", "own": "s"})
    draft.add("vpc", "vpc", shared=True, cidr="10.0.0.0/16")
    machine = Machine(image=Image(ssm="/x"), type="t3.micro", disk=8, egress=rules)
    ways = Ways(draft)
    machine_ways(ways, "box", machine, {"box": group(draft, "box")})
    ways.add()
    return [node for node in draft.nodes if node.kind == "security-group-rule"]


def test_a54_rules_that_say_the_same_are_one():
    """A54: by network address, all traffic without ports, descriptions joined; names keep the numbers of the profile."""
    made = rules_of(
        Rule(port=443, cidr="10.0.0.5/24", description="one"), Rule(port=443, cidr="10.0.0.0/24", description="two"),
        Rule(protocol="all", port=22, cidr="0.0.0.0/0"), Rule(protocol="all", cidr="0.0.0.0/0", description="all"),
        Rule(protocol="udp", port=443, cidr="10.0.0.0/24"), Rule(port=443, cidr="10.0.0.0/24", description="one"),
    )  # fmt: skip
    assert [(node.key.split("/")[2], node.parameters["description"]) for node in made] == [
        ("box-egress-1", "one; two"), ("box-egress-3", "all"), ("box-egress-5", ""),
    ]  # fmt: skip
    first, second, _ = (node.parameters for node in made)
    assert (first["cidr"], first["from_port"], first["to_port"]) == ("10.0.0.0/24", 443, 443)
    assert (second["protocol"], second["from_port"], second["to_port"]) == ("-1", -1, -1)
    assert network_of("0.0.0.0/0") == "0.0.0.0/0"


# ---- the address plan
def test_the_address_plan():
    """Nothing overlaps, every zone has its own, the Envoys' addresses lie in their subnets."""
    profile = load("model-bank")
    nodes = whole(profile, ["one", "two"])
    placed = {
        node.key.split("/", 1)[1]: (node.parameters["cidr"], node.parameters["zone"])
        for node in nodes
        if node.kind == "subnet"
    }
    assert placed == {
        "shared/public-a": ("10.0.0.0/24", "z1"), "shared/public-b": ("10.0.1.0/24", "z2"),
        "shared/ingress-a": ("10.0.2.0/24", "z1"), "shared/ingress-b": ("10.0.3.0/24", "z2"),
        "shared/desktop-a": ("10.0.4.0/24", "z1"), "shared/desktop-b": ("10.0.5.0/24", "z2"),
        "one/subnet": ("10.0.16.0/24", "z1"), "two/subnet": ("10.0.17.0/24", "z1"),
    }  # fmt: skip
    assert [envoy_address(profile, n) for n in (0, 1)] == ["10.0.2.10", "10.0.3.10"]
    with pytest.raises(ValueError, match="two zones"):
        shared_network(
            Draft(kinds=specs(), region="r", sandbox="s", names={"shared": "d", "own": "s"}),
            profile,
            ("z1",),
            ingress=True,
        )


def test_numbers_that_a_range_touches():
    """A50: whatever its size, and whoever has it."""
    profile = load("model-bank")
    assert slots_in(profile, ["10.0.0.0/24", "10.0.16.0/24", "10.0.19.128/25", "10.0.32.0/22"]) == {
        0,
        3,
        16,
        17,
        18,
        19,
    }
