"""What the image account gives to an account: once, through everything that goes wrong, and nobody's statement is lost."""

import json

import pytest
import trio
from enginelab import IDENTITY, REGION, Driver, Lab, shared
from sharelab import REPOSITORIES, House, fresh, given, image_row, key_of, members, pulling, repository, share_nodes, to

from sandboxd.aws.kinds import repository_share
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.policies import laid_out

OPERATIONS = ("ModifyImageAttribute", "CreateGrant", "SetRepositoryPolicy")
WAYS = ("lose", "drop", "late", "crash-before", "crash-after", "crash-late", "InternalError", "ThrottlingException")
FIRST, SECOND = REPOSITORIES


def theirs(lab, *accounts):
    """A policy of somebody else's, as ECR keeps it."""
    allow = {"Sid": "partners", "Effect": "Allow", "Principal": {"AWS": list(accounts)}, "Action": "ecr:BatchGetImage"}
    repository(lab).data["policy"] = laid_out({"Version": "2012-10-17", "Statement": [allow]})


def close(lab, account):
    """The account is closed by somebody else."""
    now = lab.clock.now()
    lab.world.organization["accounts"][account] |= {"closed_at": now - 90, "closing": now - 60}


# ---- one account
async def test_everything_is_given_once_in_the_image_account_and_taken_back(autojump_clock):
    """Launch permission, grant and statements; nothing else is touched, and a policy without statements is deleted."""
    lab = fresh()
    driver = Driver(lab, share_nodes(lab))
    await driver.raise_all()
    assert given(lab) == to(lab.account)
    elsewhere = [(name, account) for name, account, _ in lab.calls if account != MANAGEMENT]
    assert elsewhere == [("BatchGetImage", lab.account)] * 2, "what is given is tried once by whom it is given to"
    await driver.lower_all()
    assert given(lab) == to()
    assert lab.mutations.count("DeleteRepositoryPolicy") == 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_share_comes_true_once_through_faults(autojump_clock, operation, way):
    """Whatever is lost on the way, and in whichever life it lands."""
    lab = fresh()
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, share_nodes(lab))
        lab.disturb(operation, way)
        await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert given(lab) == to(lab.account)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", ["ModifyImageAttribute", "RevokeGrant", "DeleteRepositoryPolicy"])
async def test_a_share_is_taken_back_through_faults(autojump_clock, operation, way):
    """Nothing is left, and nothing comes back."""
    lab = fresh()
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, share_nodes(lab))
        await driver.raise_all()
        lab.disturb(operation, way)
        await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert given(lab) == to()


async def test_a_share_that_is_given_again_waits_for_its_late_removal(autojump_clock):
    """A removal that was given up on may not undo what came after it."""
    lab = fresh()
    lab.lands_after = 250.0
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, share_nodes(lab))
        await driver.raise_all()
        lab.disturb("ModifyImageAttribute", "late")
        await driver.lower_all()
        await driver.raise_all()
        await trio.sleep(400)
        assert given(lab) == to(lab.account)


# ---- one policy for many
async def test_ten_accounts_at_once_lose_nobodys_statement(autojump_clock):
    """One writer: each is in the policy once, and others' statements are as they were."""
    lab = fresh(pool=10)
    theirs(lab, MANAGEMENT)
    house = House(lab, members(lab))
    await house.all("raise_all")
    assert pulling(lab) == sorted([*members(lab), MANAGEMENT])
    half = members(lab)[:5]
    await house.all("lower_all", half)
    assert pulling(lab) == sorted([*members(lab)[5:], MANAGEMENT])
    await house.all("lower_all")
    assert pulling(lab) == [MANAGEMENT]
    assert json.loads(repository(lab).data["policy"])["Statement"][0]["Sid"] == "partners"


@pytest.mark.parametrize("after", [20.0, 100.0, 250.0])
async def test_a_late_write_takes_nobodys_statement_away(autojump_clock, after):
    """The first account's write lands long after others have written: what it takes away is put back."""
    lab = fresh(pool=4)
    lab.lands_after = after
    first, *others = members(lab)
    async with trio.open_nursery() as lab.nursery:
        house = House(lab, members(lab))
        lab.disturb("SetRepositoryPolicy", "late")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.all, "raise_all", [first])
            await trio.sleep(5)
            nursery.start_soon(house.all, "raise_all", others)
        await trio.sleep(400)
        assert given(lab) == to(*members(lab))


async def test_a_late_write_does_not_bring_back_what_was_taken_away_since(autojump_clock):
    """An account that left meanwhile stays out."""
    lab = fresh(pool=3)
    first, second, third = members(lab)
    async with trio.open_nursery() as lab.nursery:
        house = House(lab, members(lab))
        await house.all("raise_all", [second, third])
        lab.disturb("SetRepositoryPolicy", "late")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.all, "raise_all", [first])
            await trio.sleep(5)
            nursery.start_soon(house.all, "lower_all", [second])
        await trio.sleep(400)
        assert given(lab) == to(first, third)


async def test_another_daemon_that_overwrites_is_met_by_reading_back(autojump_clock):
    """Its write falls between ours and our look: ours is written again, and its statement stays."""
    lab = fresh()
    driver, call, met = Driver(lab, share_nodes(lab)), lab.call, []

    async def rival(scope, service, operation, parameters):
        answer = await call(scope, service, operation, parameters)
        if operation == "SetRepositoryPolicy" and not met:
            met.append(parameters["repositoryName"])
            allow = {"Sid": "rival", "Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "ecr:BatchGetImage"}
            repository(lab, met[0]).data["policy"] = laid_out({"Version": "2012-10-17", "Statement": [allow]})
        return answer

    driver.engine = lab.engine(call=rival)
    await driver.raise_all()
    assert pulling(lab, met[0]) == sorted([lab.account, MANAGEMENT])


async def test_parts_of_another_installation_are_not_ours(autojump_clock):
    """Two daemons over one image account have statements of their own for the same tenant's account."""
    ask = repository_share.Ask(
        node=share_nodes(fresh())[-1], generation=1, account="1" * 12, tags={"sandboxd:install": "a-b"}
    )
    other = repository_share.Ask(node=ask.node, generation=1, account="1" * 12, tags={"sandboxd:install": "a-bc"})
    part = repository_share.KIND.document.part
    assert part(ask)[0] != part(other)[0]
    assert part(ask)[0].isalnum()


# ---- principals that are gone
async def test_a45_a_closed_account_in_the_policy_blocks_nobody(autojump_clock):
    """A45: ten tenants, one closed; the eleventh comes in, the dead entry is gone and is named."""
    lab = fresh(pool=11)
    *ten, eleventh = members(lab)
    house = House(lab, members(lab))
    await house.all("raise_all", ten)
    close(lab, ten[3])
    await house.all("raise_all", [eleventh])
    alive = [one for one in members(lab) if one != ten[3]]
    assert pulling(lab) == sorted(alive)
    driver = house.drivers[eleventh]
    assert any(ten[3] in getattr(one, "text", "") for one in driver.messages)
    assert ten[3] in driver.rows[shared("pull-0")].facts["dropped"]


async def test_a45_ids_of_what_was_removed_are_dropped_from_statements_of_others(autojump_clock):
    """A45: an opaque id in somebody else's statement; the others in it stay."""
    lab = fresh()
    theirs(lab, MANAGEMENT, "AROAEXAMPLEROLE")
    driver = Driver(lab, share_nodes(lab))
    await driver.raise_all()
    assert pulling(lab) == sorted([lab.account, MANAGEMENT])


async def test_a45_an_account_that_is_closed_itself_is_said_and_named(autojump_clock):
    """A45: after the time for which it might only be young; nothing of others is dropped for it."""
    lab = fresh()
    theirs(lab, MANAGEMENT)
    driver = Driver(lab, share_nodes(lab))
    close(lab, lab.account)
    ended = await driver.step(shared("pull-0"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "temporary", "PrincipalNotFound")
    assert lab.account in ended.reason
    assert "Organizations" in ended.reason
    assert pulling(lab) == [MANAGEMENT]


# ---- what cannot be given
async def test_a_repository_that_is_not_there_fails_at_once(autojump_clock):
    """With its name and what to do."""
    lab = fresh()
    driver = Driver(lab, share_nodes(lab, ["no/such"]))
    ended = await driver.step(shared("pull-0"), "raise", 1)
    assert (ended.how, ended.code) == ("permanent", "RepositoryNotFoundException")
    assert "no/such" in ended.reason
    assert "`repositories` in the profile" in ended.reason


async def test_a_key_that_is_disabled_fails_at_once(autojump_clock):
    """With what to do."""
    lab = fresh()
    lab.world.call(lab.world.caller(MANAGEMENT), REGION, "kms", "DisableKey", {"KeyId": key_of(lab)})
    ended = await Driver(lab, share_nodes(lab)).step(shared("key"), "raise", 1)
    assert (ended.how, ended.code) == ("permanent", "DisabledException")
    assert "Enable the key" in ended.reason


async def test_a_policy_that_denies_is_a_refusal_that_names_it(autojump_clock):
    """A43: an explicit deny, of a read or of the write, ends the step with its words; it is not retried for ever."""
    for operation in ("GetRepositoryPolicy", "SetRepositoryPolicy"):
        lab = fresh()
        driver = Driver(lab, share_nodes(lab), access_attempts=0)
        lab.disturb(operation, "AccessDeniedException")
        ended = await driver.step(shared("pull-0"), "raise", 1)
        assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "AccessDeniedException")
        assert given(lab) == to()


# ---- whether the tenant can pull
async def test_a_repository_is_open_once_the_tenant_has_pulled(autojump_clock):
    """What is not let in yet is asked again; after that nobody asks any more, in looks at what is at rest neither."""
    lab = fresh()
    driver = Driver(lab, share_nodes(lab))
    lab.disturb("BatchGetImage", "AccessDeniedException", "empty", "drop", "AccessDeniedException")
    assert (await driver.step(shared("pull-0"), "raise", 1)).left == "done"
    tried = [parameters for name, _, parameters in lab.calls if name == "BatchGetImage"]
    assert len(tried) == 5
    assert tried[0]["registryId"] == MANAGEMENT
    await driver.engine.watch(driver.who, [driver.rows[shared("pull-0")]], lambda _: None)
    assert [name for name, _, _ in lab.calls].count("BatchGetImage") == 5


async def test_who_may_not_pull_is_told_which_repository_and_what_to_do(autojump_clock):
    """After the settle time, and not after half an hour; a retry goes on and tries again, and nothing is written twice."""
    lab = fresh()
    driver = Driver(lab, share_nodes(lab))
    lab.disturb("BatchGetImage", *["AccessDeniedException"] * 200)
    began = trio.current_time()
    ended = await driver.step(shared("pull-0"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("between", "permanent", "AccessDeniedException")
    assert FIRST in ended.reason
    assert lab.account in ended.reason
    assert "service control policies" in ended.reason
    assert 300 <= trio.current_time() - began < 400
    lab.faults.clear()
    assert (await driver.step(shared("pull-0"), "raise", 1)).left == "done"
    assert lab.mutations.count("SetRepositoryPolicy") == 1


async def test_a_policy_that_forbids_the_tenant_to_pull_ends_the_step_at_once(autojump_clock):
    """Somebody's explicit deny beside our statement: waiting is in vain."""
    lab = fresh()
    theirs(lab, lab.account)
    document = json.loads(repository(lab).data["policy"])
    document["Statement"][0]["Effect"] = "Deny"
    repository(lab).data["policy"] = laid_out(document)
    ended = await Driver(lab, share_nodes(lab)).step(shared("pull-0"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("between", "permanent", "AccessDeniedException")
    assert FIRST in ended.reason
    assert "explicit deny" in ended.reason


async def test_one_lab_shares_from_the_beginning_and_the_other_does_not(autojump_clock):
    """The switch of the furnishing."""
    assert image_row(Lab()).data["shared_with"]
    assert not image_row(fresh()).data["shared_with"]
    assert IDENTITY.management_account == MANAGEMENT
