"""The proof of zero and the late survey: what is ours and should not be there, in that state, is found by complete listings."""

import pytest
import trio
from enginelab import REGION, SANDBOX, Driver, Lab, image_of, nodes, own, shared, zone_of

from sandboxd.engine import tags
from sandboxd.engine.paging import pages
from sandboxd.lifecycle.messages import Proof, Stay
from sandboxd.model.keys import extra_key
from sandboxd.model.ports import AwsError, Scope

PROOF = Proof("op", SANDBOX, 1)


async def started():
    lab = Lab()
    driver = Driver(lab, nodes(await image_of(lab), await zone_of(lab)))
    await driver.raise_all()
    return lab, driver


async def prove(driver, expected):
    said = []
    await driver.engine.prove(driver.who, PROOF, [REGION], expected, said.append)
    return said[0]


def aws(lab, operation, **parameters):
    return lab.world.call(lab.world.caller(lab.account), REGION, "ec2", operation, parameters)


def tagged(driver, type_, key, generation=1):
    made = tags.make(driver.engine._ports.identity, driver.who, key, generation)
    return [{"ResourceType": type_, "Tags": [{"Key": name, "Value": value} for name, value in made.items()]}]


async def test_a_machine_that_runs_and_should_be_stopped_is_found(autojump_clock):
    """An old start that landed after the stop: the key may stay, the state may not."""
    lab, driver = await started()
    await driver.step(own("acp"), "lower", 1)
    expected = driver.may_stay()
    assert (await prove(driver, expected)).found == ()
    aws(lab, "StartInstances", InstanceIds=[driver.rows[own("acp")].facts["id"]])
    (found,) = (await prove(driver, expected)).found
    assert (found.key, found.state) == (own("acp"), 2)


async def test_a_double_of_what_may_stay_is_found(autojump_clock):
    """A second address under the same key: another id than the one that is known."""
    lab, driver = await started()
    second = aws(lab, "AllocateAddress", Domain="vpc", TagSpecifications=tagged(driver, "elastic-ip", shared("eip")))
    (found,) = (await prove(driver, driver.may_stay())).found
    assert (found.key, found.id) == (shared("eip"), second["AllocationId"])


async def test_a_volume_that_outlived_its_machine_is_found(autojump_clock):
    """It bears its machine's tags; attached, it is the machine's, alone it is a key of its own."""
    lab, driver = await started()
    assert (await prove(driver, driver.may_stay())).found == ()
    volume = next(iter(lab.world.rows.of(lab.account, REGION, "volume")))
    volume.data["deletes"] = False
    await driver.step(own("acp"), "lower", 0)
    (found,) = (await prove(driver, driver.may_stay())).found
    assert (found.kind, found.id, found.key) == ("volume", volume.id, extra_key(own("acp"), volume.id))


async def test_what_is_not_ours_is_told_with_its_price_and_where(autojump_clock):
    """An address of somebody's, a machine in our VPC; AWS's own network costs nothing and is not told."""
    lab, driver = await started()
    address = aws(lab, "AllocateAddress", Domain="vpc")["AllocationId"]
    image = driver.rows[own("acp")].node.parameters["image"].split(" ")[0]
    launched = aws(
        lab, "RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        SubnetId=driver.rows[own("subnet")].facts["id"],
    )  # fmt: skip
    said = await prove(driver, driver.may_stay())
    assert said.found == ()
    assert {(one.id, one.price, one.network) for one in said.unmanaged} == {
        (address, "elastic-ip", ""),
        (launched["Instances"][0]["InstanceId"], "instance.t3.micro", driver.rows[shared("vpc")].facts["id"]),
    }


async def test_somebody_who_copies_our_tags_is_not_us(autojump_clock):
    """A MAC that does not fit: not ours, so it is told and not removed."""
    lab, driver = await started()
    specs = tagged(driver, "elastic-ip", shared("eip"))
    next(one for one in specs[0]["Tags"] if one["Key"] == tags.KEY)["Value"] = shared("forged")
    aws(lab, "AllocateAddress", Domain="vpc", TagSpecifications=specs)
    said = await prove(driver, driver.may_stay())
    assert (said.found, len(said.unmanaged)) == ((), 1)


class Paged:
    """A describe that gives pages by script: a list of items and a token, or an error."""

    def __init__(self, *script):
        self.script, self.asked = list(script), 0

    async def __call__(self, scope, service, operation, parameters):
        self.asked += 1
        page = self.script[min(self.asked, len(self.script)) - 1]
        if isinstance(page, AwsError):
            raise page
        items, token = page
        return {"Addresses": items, "NextToken": token}


async def listed(call):
    found = await pages(call, Scope("1", REGION), "ec2", "DescribeAddresses", {})
    return [one for page in found for one in page["Addresses"]]


async def test_tokens_are_followed_across_empty_pages():
    """An empty page with a token is not the last one."""
    assert await listed(Paged(([], "a"), ([], "b"), (["x"], ""))) == ["x"]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([(["x"], "a"), AwsError("refused", "AccessDenied", "no")], "AccessDenied"),
        ([(["x"], "a"), (["y"], "a")], "IncompleteListing"),
    ],
)
async def test_an_incomplete_listing_is_no_answer(script, code):
    """A failed page, or the same token twice: it proves nothing, and few pages are asked."""
    call = Paged(*script)
    with pytest.raises(AwsError) as caught:
        await listed(call)
    assert caught.value.code == code
    assert call.asked <= 3


@pytest.mark.parametrize("operation", ["DescribeInstances", "DescribeVolumes", "DescribeNatGateways"])
async def test_a_proof_with_one_incomplete_listing_says_so(autojump_clock, operation):
    """Also where all others are complete and empty."""
    lab = Lab()
    driver = Driver(lab)

    async def call(scope, service, asked, parameters):
        known = {name: value for name, value in parameters.items() if name not in ("NextToken", "Marker", "NextMarker")}
        answer = await lab.call(scope, service, asked, known)
        return answer | {"NextToken": "again"} if asked == operation else answer

    driver.engine = lab.engine(call)
    said = await prove(driver, {})
    assert "incomplete" in said.failed


def test_what_may_stay():
    """This thing, at most in this state; one whose id is not known yet may be any."""
    assert Stay(1, "i-1").covers("i-1", 1)
    assert not Stay(1, "i-1").covers("i-1", 2)
    assert not Stay(2, "i-1").covers("i-2", 1)
    assert Stay(1).covers("eipalloc-1", None)


# ---- what is in the way
@pytest.mark.parametrize("where", ["subnet", "vpc"])
async def test_what_somebody_else_put_there_is_named_and_asked_about(autojump_clock, where):
    """A machine in our subnet, a group in our VPC: two looks, then the step ends with its id and what to do."""
    lab, driver = await started()
    vpc = driver.rows[shared("vpc")].facts["id"]
    if where == "subnet":
        image = driver.rows[own("acp")].node.parameters["image"].split(" ")[0]
        subnet = driver.rows[own("subnet")].facts["id"]
        made = aws(lab, "RunInstances", ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
        identifier, key = made["Instances"][0]["InstanceId"], own("subnet")
        await driver.step(own("acp"), "lower", 0)
    else:
        identifier = aws(lab, "CreateSecurityGroup", VpcId=vpc, GroupName="theirs", Description="x")["GroupId"]
        key = shared("vpc")
        await driver.lower_all({shared("vpc"): 1})
    began = lab.clock.now()
    ended = await driver.step(key, "lower", 0)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "held_by_others")
    assert identifier in ended.reason
    assert "retry" in ended.reason
    assert 20 < lab.clock.now() - began < 200
    if where == "vpc":
        aws(lab, "DeleteSecurityGroup", GroupId=identifier)
        assert (await driver.step(key, "lower", 0)).left == "done"


async def test_what_goes_by_itself_is_waited_for(autojump_clock):
    """Our own machine in the subnet is named, and no reason to give up."""
    lab, driver = await started()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.step, own("subnet"), "lower", 0)
        await trio.sleep(600)
        assert driver.rows[own("subnet")].flight, "still at it"
        await driver.step(own("acp"), "lower", 0)
    assert lab.there()["subnet"] == 1


async def test_a_public_address_of_somebody_holds_the_internet_gateway(autojump_clock):
    """Their gateway in our public subnet has one: detaching is refused, and its id is said."""
    lab, driver = await started()
    address = aws(lab, "AllocateAddress", Domain="vpc")["AllocationId"]
    subnet = driver.rows[shared("public-a")].facts["id"]
    made = aws(lab, "CreateNatGateway", AllocationId=address, SubnetId=subnet)
    await driver.lower_all({key: len(row.node.states) - 1 for key, row in driver.rows.items() if "/shared/" in key})
    for name in ("private-default", "nat", "public-default"):
        assert (await driver.step(shared(name), "lower", 0)).left == "done"
    ended = await driver.step(shared("igw"), "lower", 1)
    assert (ended.how, ended.code) == ("permanent", "held_by_others")
    assert made["NatGateway"]["NatGatewayId"] in ended.reason


@pytest.mark.parametrize("how", ["RequestLimitExceeded", "lose"])
async def test_one_read_that_is_throttled_does_not_spoil_the_whole_proof(autojump_clock, how):
    """Each of forty reads is asked for again; what goes on for long is an incomplete listing still."""
    lab, driver = await started()
    lab.disturb("DescribeSubnets", how, how)
    assert not (await prove(driver, driver.may_stay())).failed
    lab.disturb("DescribeSubnets", *[how] * 4)
    assert (await prove(driver, driver.may_stay())).failed
