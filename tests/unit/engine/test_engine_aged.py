"""Unknown outcomes that are resolved days later, when the evidence has aged out; and the table that says how."""

import balancinglab
import pytest
import trio
from enginelab import HOURS, Driver, Lab, image_of, nodes, shared, zone_of
from operations import DESKTOPS_DOWN, DESKTOPS_UP, DOWN, FULL, UP

from sandboxd.aws.kinds import KINDS
from sandboxd.engine.resolutions import RESOLUTIONS, moves, table

DAYS = 3 * 86400.0
ELSEWHERE = {
    "MoveAccount", "TagResource",  # test_engine_claim
    "StartInstances", "StopInstances", "ReplaceRoute",  # test_engine_schedules, test_engine_cases
    "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress",  # as Egress
    "EnableRegion",  # test_actors_prepared
    "CreateServiceLinkedRole", *DESKTOPS_UP, *DESKTOPS_DOWN,  # test_engine_desktops
    "DeleteVolume",  # as the other deletes
    "DeleteNetworkInterface",  # so, too
    *balancinglab.UP, *balancinglab.DOWN,  # test_engine_balancing
    "ModifyImageAttribute", "CreateGrant", "RevokeGrant", "SetRepositoryPolicy",  # test_engine_shares
    "UpdateImagePermissions", "DeleteImagePermissions",  # test_engine_desktops
    "SendCommand", "CancelCommand", "PutParameter", "DeleteParameter",  # test_engine_software
}  # fmt: skip


class Old(Driver):
    """Days pass before the daemon comes back, and AWS has forgotten every client token."""

    def restart(self):
        super().restart()
        self.lab.world.rows.tokens.clear()

    async def through_days(self, work):
        with trio.fail_after(HOURS + 2 * DAYS):
            return await self.through(work, pause=DAYS)


async def old_driver():
    lab = Lab()
    return lab, Old(lab, nodes(await image_of(lab), await zone_of(lab)))


@pytest.mark.parametrize("way", ["crash-after", "crash-before"])
@pytest.mark.parametrize("operation", UP)
async def test_the_daemon_comes_back_after_days_on_the_way_up(autojump_clock, operation, way):
    """One of each: what was made is found without its token, what was not is made once."""
    lab, driver = await old_driver()
    lab.disturb(operation, way)
    assert await driver.through_days(driver.raise_all) == 1
    assert lab.there() == FULL


@pytest.mark.parametrize("way", ["crash-after", "crash-before"])
@pytest.mark.parametrize("operation", DOWN)
async def test_the_daemon_comes_back_after_days_on_the_way_down(autojump_clock, operation, way):
    """Nothing is left; machines and gateways are not listed any more by then."""
    lab, driver = await old_driver()
    await driver.raise_all()
    lab.disturb(operation, way)
    assert await driver.through_days(driver.lower_all) == 1
    assert lab.there() == {}


async def test_a_gateway_that_failed_and_is_not_listed_any_more(autojump_clock):
    """Its row of an hour is over: it is absent, and the address is free for the next generation."""
    lab, driver = await old_driver()
    for name in ("vpc", "public-a", "eip"):
        assert (await driver.step(shared(name), "raise", 1)).left == "done"
    lab.disturb("CreateNatGateway", "crash-after")  # no internet gateway is attached: it will fail

    async def work():
        await driver.step(shared("nat"), "raise", 1)

    with pytest.raises(BaseExceptionGroup):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
    driver.restart()
    await trio.sleep(DAYS)
    lab.world.rows.sweep(lab.clock.now())
    ended = await driver.resume(shared("nat"))
    assert ended.left in ("absent", "spoiled")


def test_every_mutation_has_a_resolution_and_is_disturbed():
    """A new kind's operations are in the table by themselves, and in a test by hand."""
    operations = {operation for operation, *_ in table(KINDS)}
    assert operations == {move.operation for kind in KINDS for move in moves(kind)}
    assert operations - set(UP) - set(DOWN) == ELSEWHERE
    assert {resolves for _, _, resolves, _ in table(KINDS)} == set(RESOLUTIONS)


def test_what_is_done_and_undone_on_one_id_waits_for_its_opposite():
    """Starts and stops, attachments, routes."""
    assert {operation for operation, _, _, returns in table(KINDS) if returns} == {
        "StartInstances", "StopInstances", "AttachInternetGateway", "DetachInternetGateway",
        "CreateRoute", "ReplaceRoute", "DeleteRoute", "CreateRole", "AttachRolePolicy", "DetachRolePolicy",
        "CreateInstanceProfile", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile",
        "RegisterTargets", "DeregisterTargets", "AssociateWebACL", "DisassociateWebACL",
        "ModifyImageAttribute", "CreateGrant", "SetRepositoryPolicy", "UpdateImagePermissions", "DeleteImagePermissions",
        "PutParameter",
        "CreateFleet", "StartFleet", "StopFleet", "CreateStack", "AssociateFleet", "DisassociateFleet",
    }  # fmt: skip
