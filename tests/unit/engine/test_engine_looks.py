"""Looks are few: one for all who wait for the same, late where they would be in vain, brief where much was told a moment ago."""

from collections import defaultdict
from itertools import pairwise

import trio
from balancinglab import ingress_of
from enginelab import Driver, Lab, image_of, nodes, own, shared, zone_of
from softwarelab import AGENT, BANK, PROBE, commands, driver_of, machine_row

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.messages import Progress


def moments(lab, operation, about):
    """Record when an operation is called, by one of its parameters."""
    found, real = defaultdict(list), lab.call

    async def call(scope, service, name, parameters):
        if name == operation:
            found[parameters[about]].append(lab.clock.now())
        return await real(scope, service, name, parameters)

    return found, call


async def test_agents_of_one_region_are_looked_at_together(autojump_clock):
    """Three that boot together cost about as many looks as one."""
    lab = Lab()
    machines = ("a", "b", "c")
    agents = [specs()["agent"].node(own(f"agent-{name}"), {"machine": (own(name),)}) for name in machines]
    driver = Driver(lab, [*nodes(await image_of(lab), await zone_of(lab), machines), *agents])
    await driver.raise_all()
    assert lab.mutations.count("SendCommand") == 3
    assert lab.reads.count("DescribeInstanceInformation") <= 5
    asked = [
        parameters["Filters"] for operation, _, parameters in lab.calls if operation == "DescribeInstanceInformation"
    ]
    assert {one["Key"] for filters in asked for one in filters} == {"InstanceIds"}
    assert len(asked[0][0]["Values"]) == 3


async def test_a_start_that_finds_a_machine_running_looks_since_when(autojump_clock):
    """Its answer does not say: the boot that counts is the one that a look shows."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.raise_all({AGENT: 0, BANK: 0, PROBE: 0})
    machine = own("acp")
    first = driver.rows[machine].facts["boot"]
    await driver.step(machine, "lower", 1)
    lab.disturb("StartInstances", "lose")
    await driver.step(machine, "raise", 2)
    assert driver.rows[machine].facts["boot"] > first


async def test_an_echo_that_nobody_takes_is_sent_again(autojump_clock):
    """The agent is deaf for a while: another echo, and one only at a time."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.raise_all({AGENT: 0, BANK: 0, PROBE: 0})
    await driver.step(AGENT, "raise", 1)
    row = machine_row(lab)
    row.data["agent_lost_at"] = row.data["agent_at"] + 1
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.step, AGENT, "raise", 2)
        await trio.sleep(150)
        row.data["agent_lost_at"] = 1e12
    echoes = commands(lab, "echo")
    assert driver.rows[AGENT].lo == 2 and 2 <= len(echoes) <= 4
    assert all(later.created - earlier.created > 55 for earlier, later in pairwise(echoes))


async def test_an_installer_is_watched_closely_only_near_its_end(autojump_clock):
    """Tails half a minute apart all the time; that it is over is seen within eight seconds or so."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.raise_all({BANK: 0, PROBE: 0})
    looks, lab.call = moments(lab, "GetCommandInvocation", "CommandId")
    driver.engine = lab.engine()
    assert (await driver.step(BANK, "raise", 1)).left == "done"
    (install,) = commands(lab, "install")
    tails = [row.created for row in commands(lab, "tail")]
    assert min(later - earlier for earlier, later in pairwise(tails)) > 29
    early = [at for at in looks[install.id] if at < install.created + 600]
    assert min(later - earlier for earlier, later in pairwise(early)) > 29
    assert lab.clock.now() - install.data["ended"] < 10
    told = [one.text for one in driver.messages if isinstance(one, Progress) and one.key == BANK]
    assert not any(text in ("waiting", "inprogress") for text in told[3:])


async def test_who_is_registered_in_a_target_group_is_looked_at_with_the_others(autojump_clock):
    """Two machines of one group: one look tells of both, and names neither."""
    lab = Lab()
    graph = await ingress_of(lab)
    register = next(node for node in graph if node.kind == "target-registration")
    second = specs()["target-registration"].node(
        shared("second"), register.links, **(register.parameters | {"port": 81})
    )
    looks, lab.call = moments(lab, "DescribeTargetHealth", "TargetGroupArn")
    driver = Driver(lab, [*graph, second])
    await driver.raise_all()
    assert driver.rows[shared("second")].lo == 2
    asked = [parameters for operation, _, parameters in lab.calls if operation == "DescribeTargetHealth"]
    assert not any("Targets" in parameters for parameters in asked)
    group = driver.rows[shared("second")].facts["group"]
    assert min(later - earlier for earlier, later in pairwise(looks[group])) > 0.7


async def test_a_balancer_that_is_ours_is_looked_for_among_all(autojump_clock):
    """By name and with its tags once; then one describe for both."""
    lab = Lab()
    driver = Driver(lab, await ingress_of(lab))
    await driver.raise_all()
    asked = [parameters for operation, _, parameters in lab.calls if operation == "DescribeLoadBalancers"]
    assert sum("Names" in parameters for parameters in asked) == 2
    assert asked.count({}) == len(asked) - 2 <= 5
