"""What an account gets as soon as it is somebody's: service roles and regions, once, in nobody's way, and for ever."""

from collections import Counter

import pytest
import trio
from enginelab import REGION, Driver, Lab
from houselab import ANN, living
from trio.testing import MockClock

from sandboxd.aws.kinds import specs
from sandboxd.daemon.settings import Aws, Prepare, Settings
from sandboxd.model.errors import BadRequest
from sandboxd.profile.roles import region_key
from sandboxd.simulator.account import is_open
from sandboxd.wire.requests import NewSandbox

SOUTH = "eu-south-1"
WHOLE = {"amq": True, "smart_client": True}
MAKES = ("CreateServiceLinkedRole", "CreateRole", "AttachRolePolicy", "EnableRegion")


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


@pytest.fixture
def settings(monkeypatch):
    """The daemon's settings, to be replaced before it lives."""

    def put(**more):
        monkeypatch.setattr("houselab.Settings", lambda: Settings(**more))

    return put


def made(lab):
    """How often each call that makes something for ever was sent."""
    return Counter(operation for operation in lab.mutations if operation in MAKES)


def roles(lab):
    return sorted(row.id for row in lab.world.rows.all() if row.kind == "role" and row.account == lab.account)


async def create(life, name, region=None, profile="trial", **parameters):
    wanted = NewSandbox(name=name, tenant="acme", profile=profile, region=region, parameters=parameters)
    return await life.over(await life.desk.commands.create(wanted, ANN, None, ""))


async def test_a46_roles_are_there_before_the_first_sandbox_and_asked_for_once(autojump_clock, tmp_path):
    """A46: no create meets a missing role, no start asks again; a delete of everything leaves them."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await trio.sleep(120)
        first = made(lab)
        assert first == {"CreateServiceLinkedRole": 2, "CreateRole": 1, "AttachRolePolicy": 1}
        assert len(roles(lab)) == 3
        before = len(lab.mutations)
        assert (await create(life, "one", profile="model-bank", **WHOLE)).state == "succeeded"
        for verb in ("stop", "start", "delete"):
            await life.command(verb, "acme/one")
        after = Counter(lab.mutations[before:])
        assert after["CreateServiceLinkedRole"] == after["AttachRolePolicy"] - after["CreateRole"] == 0
        shared = life.house.supervisor.actor(life.account).state.rows_of("shared")
        assert sorted(row.node.kind for row in shared if row.lo) == [
            "service-linked-role", "service-linked-role", "service-role",
        ]  # fmt: skip


async def test_a_region_is_opted_in_to_in_nobodys_way(autojump_clock, tmp_path, settings):
    """The claim does not wait for it; a create there is refused until it is open, and then made; proofs list it only then."""
    settings(aws=Aws(regions=(REGION, SOUTH)))
    lab = Lab(regions=(REGION, SOUTH))
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await create(life, "here")
        await life.command("delete", "acme/here")
        lab.world.opt_in[f"{life.account} {SOUTH}"] = lab.clock.now() + 7200
        with pytest.raises(BadRequest, match=SOUTH) as caught:
            await create(life, "there", SOUTH)
        assert caught.value.code == "region_not_enabled"
        assert "create it then" in caught.value.hint
        await trio.sleep(7500)
        assert (await create(life, "there", SOUTH)).state == "succeeded"
        await life.command("delete", "acme/there")
        assert made(lab)["EnableRegion"] == 1


async def test_nothing_is_prepared_where_nobody_wants_it(autojump_clock, tmp_path, settings):
    """Both can be switched off; then a create brings the roles that it needs, and a person opens the region."""
    settings(aws=Aws(regions=(REGION, SOUTH)), prepare=Prepare(roles=False, regions=False))
    lab = Lab(regions=(REGION, SOUTH))
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await trio.sleep(1200)
        assert made(lab) == {}
        with pytest.raises(BadRequest, match="not opted in") as caught:
            await create(life, "there", SOUTH)
        assert "enable-region" in caught.value.hint


async def test_an_account_that_was_claimed_before_gets_it_in_its_next_life(autojump_clock, tmp_path, settings):
    """A newer daemon prepares what an older one did not."""
    settings(prepare=Prepare(roles=False))
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await create(life, "one")
    assert made(lab)["CreateServiceLinkedRole"] == 0
    settings()
    async with living(lab, tmp_path) as life:
        await life.command("stop", "acme/one")
        await trio.sleep(120)
        assert made(lab)["CreateServiceLinkedRole"] == 2


@pytest.mark.parametrize("way", ["lose", "drop", "late", "empty", "crash-before", "crash-after", "InternalError"])
async def test_a_region_is_opened_whatever_becomes_of_the_call(autojump_clock, way):
    """Asked again until AWS says that it is open: asking twice changes nothing."""
    lab = Lab(regions=(REGION, SOUTH))
    node = specs()["region"].node(region_key(SOUTH), {}, name=SOUTH, region=SOUTH)
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, [node])
        lab.disturb("EnableRegion", way)
        deaths = await driver.through(driver.raise_all)
        assert deaths == way.startswith("crash")
        assert lab.clock.now() >= lab.world.opt_in[f"{lab.account} {SOUTH}"]
        assert (await driver.step(node.key, "lower", 0)).left == "done"
    assert is_open(lab.world, lab.account, SOUTH, lab.clock.now())
