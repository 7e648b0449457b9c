"""The claim of a pool account: compare-and-swap by MoveAccount, then tags; lost replies, deaths, and rivals."""

import pytest
import trio
from enginelab import Driver, Lab

from sandboxd.aws.kinds import specs
from sandboxd.engine import organization
from sandboxd.engine.ports import Owner
from sandboxd.model.errors import NotFound
from sandboxd.model.keys import make_key

CLAIM = make_key("global", "account", "claim")
MANAGEMENT = "111122223333"


async def claimant(lab, operation="op_1", tenant="acme"):
    found = await organization.read(lab.call, MANAGEMENT, "dev")
    node = specs()["account-claim"].node(
        CLAIM, {}, pool_ou=found.ous["pool"], customers_ou=found.ous["customers"], tenant=tenant, operation=operation
    )
    driver = Driver(lab, [node])
    driver.who = Owner(lab.account, tenant)
    return driver


async def where(lab):
    found = await organization.read(lab.call, MANAGEMENT, "dev")
    return next(one for one in found.accounts if one.id == lab.account)


@pytest.mark.parametrize("operation", ["", "MoveAccount", "TagResource"])
@pytest.mark.parametrize(
    "way", ["lose", "drop", "crash-before", "crash-after", "InternalError", "TooManyRequestsException"]
)
async def test_a_claim_comes_true_once(autojump_clock, operation, way):
    """In Customers, with tags that name tenant and operation, whatever is lost on the way."""
    lab = Lab()
    driver = await claimant(lab)
    if operation:
        lab.disturb(operation, way)
    await driver.through(driver.raise_all)
    member = await where(lab)
    assert member.ou == "customers"
    assert (member.tags["sandboxd:tenant"], member.tags["sandboxd:operation"]) == ("acme", "op_1")
    assert {account for name, account, _ in lab.calls if name == "MoveAccount"} == {MANAGEMENT}


async def test_two_claims_of_one_account(autojump_clock):
    """One gets it; the other is told who has it, permanently, and changes nothing."""
    lab = Lab()
    first, second = await claimant(lab), await claimant(lab, "op_2", "globex")
    await first.raise_all()
    ended = await second.step(CLAIM, "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "account_claimed")
    assert "acme" in ended.reason
    assert (await where(lab)).tags["sandboxd:tenant"] == "acme"


async def test_a_rival_that_moved_but_has_not_tagged_yet_keeps_it(autojump_clock):
    """The move that was not ours is not taken for ours."""
    lab = Lab()
    first, second = await claimant(lab), await claimant(lab, "op_2", "globex")
    assert (await first.step(CLAIM, "raise", 1)).left == "done"
    ended = await second.step(CLAIM, "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "account_claimed")
    assert (await first.step(CLAIM, "raise", 2)).left == "done"


async def test_a_claim_whose_node_does_not_know_the_ous(autojump_clock):
    """They come from the installation."""
    lab = Lab()
    found = await organization.read(lab.call, MANAGEMENT, "dev")
    places = {"pool_ou": found.ous["pool"], "customers_ou": found.ous["customers"]}
    driver = Driver(
        lab, [specs()["account-claim"].node(CLAIM, {}, tenant="acme", operation="op_1")], places=lambda: places
    )
    await driver.raise_all()
    assert (await where(lab)).ou == "customers"


async def test_the_organization_is_made_where_it_is_missing(autojump_clock):
    """`init` makes the OUs of a stage, twice is once; a stage without OUs is refused with what to do."""
    lab = Lab()
    with pytest.raises(NotFound) as caught:
        await organization.read(lab.call, MANAGEMENT, "int")
    assert "organization init" in caught.value.hint
    made = await organization.init(lab.call, MANAGEMENT, "int")
    assert await organization.init(lab.call, MANAGEMENT, "int") == made
    assert set(made.ous) == {"pool", "customers", "expired", "quarantine"}
    await trio.lowlevel.checkpoint()


async def test_a_refusal_ends_the_bytes_and_a_lost_reply_keeps_them(autojump_clock):
    """B7: after a definite refusal the next generation is rendered from present settings; an unknown outcome is not."""
    lab = Lab()
    found = await organization.read(lab.call, MANAGEMENT, "dev")
    right = {"pool_ou": found.ous["pool"], "customers_ou": found.ous["customers"]}
    places = right | {"customers_ou": "ou-none-00000000"}
    node = specs()["account-claim"].node(CLAIM, {}, tenant="acme", operation="op_1")
    driver = Driver(lab, [node], places=lambda: places)
    ended = await driver.step(CLAIM, "raise", 1)
    assert (ended.left, ended.how) == ("nothing", "permanent")
    places = right
    lab.disturb("MoveAccount", "crash-before")
    await driver.through(lambda: _claim(driver))
    sent = [parameters["DestinationParentId"] for name, _, parameters in lab.calls if name == "MoveAccount"]
    assert sent == ["ou-none-00000000", right["customers_ou"], right["customers_ou"]]
    assert (await where(lab)).ou == "customers"


async def _claim(driver):
    """Begin it, or take it up again in a life whose settings are others."""
    if driver.rows[CLAIM].flight:
        driver.settings["places"] = lambda: {"pool_ou": "ou-none-1", "customers_ou": "ou-none-2"}
        driver.restart()
        await driver.resume(CLAIM)
    else:
        await driver.step(CLAIM, "raise", 1)
