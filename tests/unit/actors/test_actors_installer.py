"""An installer that hangs: it is ended before anybody gives it up, and one retry after it is mended is enough."""

import pytest
from enginelab import REGION, Lab
from houselab import living
from softwarelab import commands
from trio.testing import MockClock

from sandboxd.aws.commands import DELIVERY
from sandboxd.simulator.guest import Fault

HOUR = 3600


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


class Hung:
    """A laboratory whose installers never report, until they are mended; every call with its moment."""

    def __init__(self, longest=None):
        self.lab, self.longest, self.sent = Lab(shared=False), longest, []
        self.real, self.lab.call = self.lab.call, self.call
        self.lab.world.guest_hook = lambda _account, verb, _now: Fault(never=True) if verb == "install" else None

    async def call(self, scope, service, operation, parameters):
        if operation in ("SendCommand", "CancelCommand"):
            self.sent.append((operation, self.lab.clock.now()))
        limits = parameters.get("Parameters", {})
        if self.longest and limits.get("executionTimeout") not in (None, ["30"], ["60"]):
            parameters = parameters | {"Parameters": limits | {"executionTimeout": [str(self.longest)]}}
        return await self.real(scope, service, operation, parameters)

    def mend(self):
        self.lab.world.guest_hook = lambda *_: None

    def runs(self):
        """How often each installer was really begun."""
        rows = self.lab.world.rows.of(self.lab.account, REGION, "machine")
        disks = [row.data.get("disk", {}) for row in rows if row.state(self.lab.clock.now()) == "running"]
        return [one["runs"] for disk in disks for name, one in disk.items() if name.startswith("install ")]

    def states(self):
        return [row.state(self.lab.clock.now()) for row in commands(self.lab, "install")]


async def hanging(life):
    """A create whose installers hang."""
    await life.onboard()
    operation = await life.create(profile="model-bank")
    assert (operation.state, life.desk.sandbox("acme/bank").state) == ("failed", "initializing_failed")
    return operation


def assert_ended_in_time(life):
    """However late a command is taken up, the agent's time is up before the step's: of constellations and of probes."""
    nodes = [row.node for row in life.house.supervisor.actor(life.account).state.rows.values()]
    timed = [node for node in nodes if node.kind in ("constellation", "probe")]
    assert {node.parameters["deadline"] for node in timed} >= {900.0, 3600.0}
    assert all(node.parameters["deadline"] + DELIVERY + 180 <= node.patience for node in timed)


async def test_an_installer_that_hangs_is_ended_and_one_retry_is_enough(autojump_clock, tmp_path):
    """The agent ends it within the hour that the step waits; the retry begins each of them exactly once more."""
    hung = Hung()
    async with living(hung.lab, tmp_path) as life:
        operation = await hanging(life)
        assert operation.code == "constellation_timed_out"
        assert "constellation constellation-" in operation.reason
        assert "did not end in time, and was ended" in operation.reason
        assert (set(hung.states()), set(hung.runs())) == ({"ExecutionTimedOut"}, {1})
        assert_ended_in_time(life)
        hung.mend()
        before = len(commands(hung.lab, "install"))
        assert (await life.retry(operation)).state == "succeeded"
        assert set(hung.runs()) == {2}
        assert len(commands(hung.lab, "install")) == 2 * before
        assert (await life.command("delete")).state == "succeeded"
    assert hung.lab.there() == {}


async def test_an_installer_that_is_given_up_is_cancelled_first(autojump_clock, tmp_path):
    """Its command may run for longer than the step waits: it is ended before the create fails, and the retry begins anew."""
    hung = Hung(longest=2 * HOUR)
    async with living(hung.lab, tmp_path) as life:
        operation = await hanging(life)
        assert operation.code == "timed_out"
        assert "It is ended; look for the cause, a retry begins it anew." in operation.reason
        assert set(hung.states()) <= {"Cancelling", "Cancelled"} and set(hung.runs()) == {1}
        cancelled = [at for name, at in hung.sent if name == "CancelCommand"]
        assert len(cancelled) == len(hung.states())
        hung.mend()
        assert (await life.retry(operation)).state == "succeeded"
        assert set(hung.runs()) == {2}
