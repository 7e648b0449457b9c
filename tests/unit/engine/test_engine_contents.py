"""Contents: many parts, one writer, every machine; what is written late, twice or badly does no harm."""

import base64
import gzip
import itertools
import json
import re
from functools import partial
from urllib.parse import unquote

import pytest
import trio
from enginelab import IDENTITY, REGION, LabClock, shared

from sandboxd.aws.kinds import by_name, specs
from sandboxd.engine.engine import Engine, Owner
from sandboxd.engine.settings import EngineSettings
from sandboxd.lifecycle.messages import Ended, Progress, Start
from sandboxd.model.keys import make_key
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Row, Step

AGENTS = (shared("envoy-a-agent"), shared("envoy-b-agent"))


class Machines:
    """Envoys behind Systems Manager: files that are compared and set, parts that are known bad."""

    def __init__(self):
        self.runs = {"i-a": ("0-empty", ()), "i-b": ("0-empty", ())}
        self.sent, self.bad, self.silent, self.lost = [], set(), set(), 0
        self.stuck, self.edited, self.asked = {}, set(), 0
        self._answers, self._numbers = {}, itertools.count(1)

    async def call(self, scope, service, operation, parameters):
        await trio.sleep(0.3)
        if operation == "GetCommandInvocation":
            return self._answers[parameters["CommandId"]]
        (machine,), (script,) = parameters["InstanceIds"], parameters["Parameters"]["commands"]
        if machine in self.silent:
            raise AwsError("refused", "InvalidInstanceId", f"Instances [[{machine}]] not in a valid state")
        if script.startswith("#sandboxd envoy-report"):
            return self._answer(machine, 0, self.report(machine))
        self.sent.append(machine)
        code, said = self.deliver(machine, script)
        return self._answer(machine, code, said | {"runs": self.stuck.get(machine, self.runs[machine][0])})

    def report(self, machine):
        self.asked += 1
        version = self.runs[machine][0]
        said = {"answers": True, **dict.fromkeys(("cds", "rds", "lds", "files"), version)}
        return said | {"edited": machine in self.edited}

    def _answer(self, machine, code, said):
        number = f"command-{next(self._numbers)}"
        self._answers[number] = {
            "Status": "Failed" if code else "Success",
            "ResponseCode": code,
            "StandardOutputContent": json.dumps(said),
        }
        if self.lost:
            self.lost -= 1
            raise AwsError("unknown", "ConnectionClosed", "reply lost")
        return {"Command": {"CommandId": number}}

    def deliver(self, machine, script):
        found = re.findall(r" (\w+)=(\S*)", script.split("\n", 1)[0])
        words = {name: unquote(text) for name, text in found}
        version, _ = self.runs[machine]
        if version == words["version"]:
            return 0, {"outcome": "there", "version": version}
        if version != words["expected"]:
            return 3, {"outcome": "other", "version": version}
        payload = gzip.decompress(
            base64.b64decode(re.search(r"<<'END'[^\n]*\n(.*?)\nEND", script, re.DOTALL).group(1))
        ).decode()
        owners = tuple(re.findall(r"^check:(\S+) ", payload, re.MULTILINE))
        if refused := [one for one in owners if one in self.bad]:
            return 4, {"outcome": "invalid", "version": version, "detail": "unknown cluster", "bad": refused}
        self.runs[machine] = (words["version"], owners)
        self.edited.discard(machine)
        return 0, {"outcome": "delivered", "version": words["version"]}


class Routes:
    """An account with two Envoys, and a route for each of some sandboxes."""

    def __init__(self, *sandboxes):
        self.machines, self.said = Machines(), []
        kind = specs()["ingress-route"]
        self.rows = {
            key: Row(node=specs()["agent"].node(key, {}), lo=2, hi=2, facts={"id": f"i-{key[-7]}"}) for key in AGENTS
        }
        for number, name in enumerate(sandboxes, 10):
            machine = make_key(REGION, name, "acp")
            self.rows[machine] = Row(
                node=specs()["vpc"].node(machine, {}),
                lo=1,
                hi=1,
                facts={"id": f"i-{name}", "address": f"10.0.{number}.4"},
            )
            key = make_key(REGION, name, "route-web")
            links = {"agents": AGENTS, "machine": (machine,)}
            words = {
                "route": "web",
                "layer": "http",
                "port": 8080,
                "host": f"web-{name}.acme.x",
                "sandbox": name,
                "tenant": "acme",
                "name": name,
            }
            self.rows[key] = Row(node=kind.node(key, links, **words))
        self.restart()

    def restart(self):
        self.engine = Engine(
            call=self.machines.call, clock=LabClock(), kinds=by_name(), settings=EngineSettings(), identity=IDENTITY
        )

    async def step(self, name, way="raise", *, noticed=0.0):
        """One step to its end; the account takes note of that so many seconds later."""
        key = make_key(REGION, name, "route-web")
        row, ends = self.rows[key], []
        row.flight, row.run = Step(way, 0 if way == "lower" else 1), row.run + 1
        row.hi = max(row.hi, row.flight.to)
        start = Start(key, row.flight, 1, row.run)
        who = Owner("111122224444", "ten_1")
        row.intent = self.engine.render(who, row, start, lambda other: self.rows[other].facts, LabClock().now())

        def post(message):
            ends.append(message)
            if isinstance(message, Progress):
                self.said.append(message.text)

        await self.engine.run(who, row.copy(), start, post, self.rows)
        (ended,) = [one for one in ends if isinstance(one, Ended)]
        await trio.sleep(noticed)
        row.flight = None
        if ended.left == "done":
            row.lo = row.hi = start.step.to
            row.facts = dict(ended.facts)
        return ended

    async def watched(self):
        """What is told after a look at what is at rest."""
        told = []
        await self.engine.watch(Owner("111122224444", "ten_1"), (), told.append, self.rows)
        return [one.reason for one in told]

    def parts(self):
        return {machine: set(parts) for machine, (_, parts) in self.machines.runs.items()}


async def test_twenty_that_are_asked_for_together_cost_two_writings(autojump_clock):
    """Whoever comes while the first is written joins the second."""
    names = [f"s{n}" for n in range(20)]
    routes = Routes(*names)
    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(routes.step, name)
    assert routes.parts() == {"i-a": set(names), "i-b": set(names)}
    assert len(routes.machines.sent) <= 4


async def test_what_came_a_moment_ago_is_not_forgotten_by_the_next_writing(autojump_clock):
    """Soak, two banks 220123: the next version was made before the account had taken note of the last one's parts."""
    routes = Routes("s1", "s2", "s3")
    await routes.step("s1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(routes.step, "s2", noticed=5.0))
        await trio.sleep(0.1)
        nursery.start_soon(routes.step, "s3")
    assert routes.parts() == {"i-a": {"s1", "s2", "s3"}, "i-b": {"s1", "s2", "s3"}}
    await routes.step("s2", "lower")
    await routes.step("s3", "lower")
    assert routes.parts() == {"i-a": {"s1"}, "i-b": {"s1"}}


async def test_a_part_goes_and_the_others_stay(autojump_clock):
    """Onto both machines; the version counts on."""
    routes = Routes("s1", "s2")
    await routes.step("s1")
    await routes.step("s2")
    await routes.step("s1", "lower")
    assert routes.parts() == {"i-a": {"s2"}, "i-b": {"s2"}}
    assert routes.machines.runs["i-a"][0].startswith("3-")


async def test_a_bad_part_fails_its_own_sandbox_only(autojump_clock):
    """A17: Envoy's words, and the neighbour that came with it is there."""
    routes = Routes("good", "worse")
    routes.machines.bad = {"worse"}
    ends = {}

    async def one(name):
        ends[name] = await routes.step(name)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one, "worse")
        nursery.start_soon(one, "good")
    assert ends["good"].left == "done"
    assert (ends["worse"].left, ends["worse"].how, ends["worse"].code) == ("nothing", "permanent", "ingress_rejected")
    assert "unknown cluster" in ends["worse"].reason
    assert routes.parts() == {"i-a": {"good"}, "i-b": {"good"}}


async def test_two_that_want_one_host_are_told_apart(autojump_clock):
    """The one that is there keeps it."""
    routes = Routes("s1", "s2")
    await routes.step("s1")
    routes.rows[make_key(REGION, "s2", "route-web")].node.parameters["host"] = "web-s1.acme.x"
    ended = await routes.step("s2")
    assert (ended.how, ended.code) == ("permanent", "ingress_invalid")
    assert "web-s1.acme.x" in ended.reason
    assert routes.parts()["i-a"] == {"s1"}


@pytest.mark.parametrize("lost", [1, 2, 5])
async def test_a_lost_reply_is_no_second_version(autojump_clock, lost):
    """The same delivery again: it is there already."""
    routes = Routes("s1")
    routes.machines.lost = lost
    assert (await routes.step("s1")).left == "done"
    assert routes.machines.runs["i-a"][0] == routes.machines.runs["i-b"][0]
    assert routes.machines.runs["i-a"][0].startswith("1-")


async def test_a_new_daemon_learns_what_runs(autojump_clock):
    """One refused delivery, and it goes on from there."""
    routes = Routes("s1", "s2")
    await routes.step("s1")
    routes.restart()
    await routes.step("s2")
    assert routes.parts() == {"i-a": {"s1", "s2"}, "i-b": {"s1", "s2"}}


async def test_a_delivery_that_lands_late_changes_nothing(autojump_clock):
    """Compare and set: what it expected is not there any more."""
    routes = Routes("s1", "s2")
    scripts = []
    deliver = routes.machines.deliver

    def kept(machine, script):
        scripts.append((machine, script))
        return deliver(machine, script)

    routes.machines.deliver = kept
    for name, way in (("s1", "raise"), ("s2", "raise"), ("s2", "lower")):
        await routes.step(name, way)
    before = dict(routes.machines.runs)
    for machine, script in scripts:
        deliver(machine, script)
    assert routes.machines.runs == before


async def test_a_machine_that_is_gone_is_not_waited_for(autojump_clock):
    """One Envoy: the other one is enough; none: a part that goes is gone, one that comes waits for them."""
    routes = Routes("s1", "s2")
    await routes.step("s1")
    routes.rows[AGENTS[1]].lo = 0
    assert (await routes.step("s2")).left == "done"
    assert routes.parts() == {"i-a": {"s1", "s2"}, "i-b": {"s1"}}
    routes.rows[AGENTS[0]].lo = 0
    assert (await routes.step("s1", "lower")).left == "done"
    ended = await routes.step("s1")
    assert (ended.left, ended.how, ended.code) == ("nothing", "temporary", "no_bearer")


async def test_a_machine_that_cannot_be_reached_is_waited_for(autojump_clock):
    """It says why; when it is back, both have it."""
    routes = Routes("s1")
    routes.machines.silent = {"i-b"}
    async with trio.open_nursery() as nursery:
        nursery.start_soon(routes.step, "s1")
        await trio.sleep(60)
        assert routes.parts() == {"i-a": {"s1"}, "i-b": set()}
        routes.machines.silent = set()
    assert routes.parts() == {"i-a": {"s1"}, "i-b": {"s1"}}


async def test_a_machine_made_anew_gets_everything(autojump_clock):
    """A rebind writes the same parts onto the new one."""
    routes = Routes("s1", "s2")
    await routes.step("s1")
    await routes.step("s2")
    routes.rows[AGENTS[1]].facts = {"id": "i-c"}
    routes.machines.runs["i-c"] = ("0-empty", ())
    assert (await routes.step("s1", "rebind")).left == "done"
    assert routes.parts()["i-c"] == {"s1", "s2"}
    assert routes.machines.runs["i-c"][0] == routes.machines.runs["i-a"][0]


async def test_a16_delivered_is_no_proof(autojump_clock):
    """A16: exit code 0, and Envoy says that it runs the old version: not there, with the machine and both versions."""
    routes = Routes("s1")
    routes.machines.stuck = {"i-b": "0-empty"}
    ends = []

    async def one():
        ends.append(await routes.step("s1"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(one)
        await trio.sleep(300)
        assert ends == []
        wanted = routes.machines.runs["i-b"][0]
        assert f"i-b: Envoy still runs version 0-empty, wanted {wanted}" in routes.said
        routes.machines.stuck = {}
    assert [ended.left for ended in ends] == ["done"]


async def test_a17_a_machine_that_booted_proves_anew_what_it_runs(autojump_clock):
    """A17: the same parts as before the stop, and nothing is believed of the boot before."""
    routes = Routes("s1")
    await routes.step("s1")
    sent = len(routes.machines.sent)
    for key in AGENTS:
        routes.rows[key].generation += 1
    routes.rows[make_key(REGION, "s1", "route-web")].lo = 0
    await routes.step("s1")
    assert len(routes.machines.sent) == sent + 2


# ---- what somebody else changes
async def test_what_runs_as_it_was_written_is_asked_for_and_left_alone(autojump_clock):
    """One question a machine, however many routes there are; nothing is delivered, nothing told."""
    routes = Routes("s1", "s2", "s3")
    for name in ("s1", "s2", "s3"):
        await routes.step(name)
    written = len(routes.machines.sent)
    assert await routes.watched() == []
    assert (routes.machines.asked, len(routes.machines.sent)) == (2, written)
    assert await routes.watched() == []


@pytest.mark.parametrize("version", ["7-abcdef", "1-abcdef", "by hand", ""])
@pytest.mark.parametrize("restarted", [False, True])
async def test_what_somebody_changed_is_told_and_written_anew(version, restarted, autojump_clock):
    """Whatever they call it, also where this life of the daemon has written nothing yet; the next look finds nothing."""
    routes = Routes("s1")
    await routes.step("s1")
    if restarted:
        routes.restart()
    routes.machines.runs["i-a"] = (version, ())
    (told,) = await routes.watched()
    assert "i-a was changed by somebody else" in told
    assert routes.parts() == {"i-a": {"s1"}, "i-b": {"s1"}}
    assert await routes.watched() == []


async def test_files_edited_under_their_own_version_are_written_anew(autojump_clock):
    """The version alone would not show it: they come back under one that was never there."""
    routes = Routes("s1")
    await routes.step("s1")
    routes.machines.edited.add("i-b")
    (told,) = await routes.watched()
    assert "files that were edited" in told
    assert {version[0] for version, _ in routes.machines.runs.values()} == {"2"}
    assert not routes.machines.edited


async def test_who_dies_before_it_is_written_anew_leaves_it_to_the_next_look(autojump_clock):
    """Nothing of it is durable: the next life asks again."""
    routes = Routes("s1")
    await routes.step("s1")
    routes.machines.runs["i-a"] = ("9-abcdef", ())
    with trio.move_on_after(12):
        await routes.watched()
    assert not routes.parts()["i-a"]
    routes.restart()
    assert len(await routes.watched()) == 1
    assert routes.parts()["i-a"] == {"s1"}


async def test_nobody_is_asked_while_a_route_comes_or_goes_or_there_is_none(autojump_clock):
    """Who writes finds out by himself; without a route at rest there is nothing to look after."""
    routes = Routes("s1", "s2")
    assert await routes.watched() == []
    await routes.step("s1")
    routes.rows[make_key(REGION, "s2", "route-web")].hi = 1
    assert await routes.watched() == []
    assert routes.machines.asked == 0


async def test_a_silent_machine_has_proved_nothing(autojump_clock):
    """It is an outage, no drift."""
    routes = Routes("s1")
    await routes.step("s1")
    routes.machines.silent.add("i-a")
    assert await routes.watched() == []
