"""A sandbox with a desktop through its whole life, and the way into it: shown once, told as an event, kept nowhere."""

import logging

import pytest
from enginelab import REGION, Lab, shared
from houselab import ANN, MANAGEMENT, living
from msgspec import structs
from trio.testing import MockClock

from sandboxd.actors import resolving
from sandboxd.aws.kinds import specs
from sandboxd.model.errors import Refusal
from sandboxd.model.ports import AwsError
from sandboxd.model.resource import Need
from sandboxd.profile import expand
from sandboxd.simulator.appstream.roles import NAME
from sandboxd.simulator.furnish import DESKTOP

FLEET, STACK, PAIR, ROLE = (shared(f"desktop-{name}") for name in ("fleet", "stack", "association", "role"))
SUBNET, GROUP, VPC = shared("desktop-a"), shared("desktop-sg"), shared("vpc")
IMAGE = f"arn:aws:appstream:{REGION}:{MANAGEMENT}:image/{DESKTOP[0]}"


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def with_desktop(*args, instances=1, **more):
    """What `trial` expands to, and a desktop."""
    s, found = specs(), expand(*args, **more)
    nodes = (
        s["service-role"].node(ROLE, {}, name=NAME, service="appstream.amazonaws.com"),
        s["subnet"].node(SUBNET, {"vpc": (VPC,)}, cidr="10.0.9.0/28", zone=more["zone"], name="desktop-a"),
        s["security-group"].node(GROUP, {"vpc": (VPC,)}, name="desktop", description="desktop"),
        s["appstream-fleet"].node(
            FLEET, {"subnets": (SUBNET,), "groups": (GROUP,), "role": (ROLE,)}, name="dev-desktop", image=IMAGE,
            instances=instances,
        ),
        s["appstream-stack"].node(STACK, {}, name="dev-desktop"),
        s["appstream-association"].node(PAIR, {"fleet": (FLEET,), "stack": (STACK,)}),
    )  # fmt: skip
    started = (*found.started, Need(FLEET, 2), Need(PAIR, 1))
    return structs.replace(
        found, nodes=(*found.nodes, *nodes), started=started, kept=(*found.kept, Need(FLEET, 1), Need(PAIR, 1))
    )


@pytest.fixture
def desktops(monkeypatch):
    """Every sandbox has one."""
    monkeypatch.setattr(resolving, "expand", with_desktop)


def aws(lab, account, operation, **parameters):
    return lab.world.call(lab.world.caller(account), REGION, "appstream", operation, parameters)


def share(lab, account):
    given = {"Name": DESKTOP[0], "SharedAccountId": account, "ImagePermissions": {"allowFleet": True}}
    aws(lab, MANAGEMENT, "UpdateImagePermissions", **given)


def state(lab, account):
    return [one["State"] for one in aws(lab, account, "DescribeFleets")["Fleets"]]


async def refused(life, ref="acme/bank"):
    with pytest.raises(Refusal) as caught:
        await life.desk.commands.desktop(ref, ANN)
    assert caught.value.hint
    return caught.value.code


async def test_the_desktop_of_a_sandbox_lives_with_it(autojump_clock, tmp_path, desktops, caplog):
    """There when it is started, stopped with it, gone with it; a way in only while it is there, and kept nowhere."""
    caplog.set_level(logging.DEBUG)
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        share(lab, life.account)
        operation = await life.create()
        assert (operation.state, state(lab, life.account)) == ("succeeded", ["RUNNING"])
        way = await life.desk.commands.desktop("acme/bank", ANN)
        assert way.url.startswith(f"https://appstream2.{REGION}.")
        assert "appstream2" not in repr(way)
        told = [event for event in await life.desk.history(0, 1000) if event.type == "sandbox.desktop_opened"]
        assert [(event.by, event.sandbox_id) for event in told] == [("ann", life.desk.sandbox("acme/bank").id)]
        assert (await life.command("stop")).state == "succeeded"
        assert state(lab, life.account) == ["STOPPED"]
        assert await refused(life) == "sandbox_not_started"
        assert (await life.command("start")).state == "succeeded"
        assert state(lab, life.account) == ["RUNNING"]
        assert (await life.command("delete")).state == "succeeded"
        assert (state(lab, life.account), lab.there()) == ([], {})
    ticket = way.url.rpartition("=")[2].encode()
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and ticket in file.read_bytes()]
    assert ticket.decode() not in caplog.text


async def test_a33_a_fleet_that_cannot_start_fails_the_create_and_bills_nothing(autojump_clock, tmp_path, desktops):
    """The reason says what to do; nothing is left STARTING; a retry after it was done goes on."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        share(lab, life.account)
        # the fleet is made, and the image is taken away before it starts
        real = lab._answer

        def answer(scope, service, operation, parameters):
            if operation == "StartFleet":
                revoke = {"Name": DESKTOP[0], "SharedAccountId": life.account}
                aws(lab, MANAGEMENT, "UpdateImagePermissions", **revoke, ImagePermissions={"allowFleet": False})
            return real(scope, service, operation, parameters)

        lab._answer = answer
        operation = await life.create()
        assert (operation.state, operation.code) == ("failed", "IMAGE_NOT_FOUND")
        assert "Share the AppStream image" in operation.reason
        assert "STARTING" not in state(lab, life.account)
        lab._answer = real
        share(lab, life.account)
        again = await life.over(await life.desk.commands.retry(operation.id, None, ANN, None, ""))
        assert (again.state, state(lab, life.account)) == ("succeeded", ["RUNNING"])


async def test_who_has_no_desktop_is_not_let_in(autojump_clock, tmp_path):
    """A sandbox without the Smart Client, and one that nobody knows."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        assert await refused(life) == "desktop_none"
        assert await refused(life, "acme/none") == "sandbox_not_found"


async def test_appstream_that_does_not_answer_changes_nothing(autojump_clock, tmp_path, desktops):
    """503 with what to do, and no event: nobody was let in."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        share(lab, life.account)
        await life.create()
        lab.disturb("CreateStreamingURL", "ResourceNotAvailableException", "lose")
        assert [await refused(life), await refused(life)] == ["desktop_unavailable"] * 2
        assert not [event for event in await life.desk.history(0, 1000) if event.type == "sandbox.desktop_opened"]
        aws(lab, life.account, "StopFleet", Name="dev-desktop")
        with pytest.raises(Refusal) as caught:
            await life.desk.commands.desktop("acme/bank", ANN)
        assert "is not running" in caught.value.detail
        assert isinstance(caught.value.__cause__, AwsError)
