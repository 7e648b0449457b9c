"""Load balancers and WAF under the engine: up, healthy, down, each mutation disturbed in every way."""

import pytest
import trio
from balancinglab import DOWN, FULL, UP, aws, ingress_of, rows
from enginelab import REGION, SANDBOX, Driver, Lab, shared

from sandboxd.lifecycle.messages import Lost, Progress, Proof
from sandboxd.model.ports import AwsError
from sandboxd.simulator.bound import bound

WAYS = ("lose", "drop", "late", "crash-before", "crash-after", "empty", "InternalError", "RequestLimitExceeded")

NO_ALB = dict.fromkeys(map(shared, ("alb", "alb-port", "acl-alb")), 0) | {shared("alb-envoy"): 1}


async def made(lab=None, *, goals=None, **settings):
    """Everything, as far as the goals say."""
    lab = lab or Lab()
    driver = Driver(lab, await ingress_of(lab), **settings)
    await driver.raise_all(goals)
    return lab, driver


async def life(lab, up=(), down=(), **settings):
    """Up, down; return how often the daemon died."""
    async with trio.open_nursery() as lab.nursery:
        driver = Driver(lab, await ingress_of(lab), **settings)
        for operation, action in up:
            lab.disturb(operation, action)
        deaths = await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert lab.there() == FULL
        for operation, action in down:
            lab.disturb(operation, action)
        deaths += await driver.through(driver.lower_all)
        await trio.sleep(400)
        assert lab.there() == {}
    assert not any(lab.faults.values()), "a disturbance was never met"
    return deaths


async def test_up_and_down_with_few_calls(autojump_clock):
    """Everything is healthy and guarded in the end, nearly as fast as AWS allows; a create costs few reads."""
    lab = Lab()
    driver = Driver(lab, await ingress_of(lab))
    lab.calls.clear()
    mark, began = lab.world.log.count, trio.current_time()
    await driver.raise_all()
    # looks at load balancers, and calls that WAF refuses as too early, are rare: others take longer in a sandbox
    assert trio.current_time() - began < 1.1 * bound(lab.world.log.since(mark)).bound_seconds
    assert lab.there() == FULL
    assert all(row.lo == len(row.node.states) - 1 or row.node.kind == "machine" for row in driver.rows.values())
    (balancer,) = [row for row in rows(lab, "load-balancer") if row.data["type"] == "application"]
    assert balancer.refs["acl"] == rows(lab, "web-acl")[0].id
    assert len(lab.reads) < 1.5 * len(lab.mutations), (lab.mutations, lab.reads)
    await driver.lower_all()
    assert lab.there() == {}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", UP)
async def test_disturbed_on_the_way_up(autojump_clock, operation, way):
    """One of each, in spite of everything."""
    assert await life(Lab(), up=[(operation, way)]) == way.startswith("crash")


@pytest.mark.parametrize("way", [way for way in WAYS if way != "empty"])
@pytest.mark.parametrize("operation", DOWN)
async def test_disturbed_on_the_way_down(autojump_clock, operation, way):
    """Nothing is left, in spite of everything."""
    assert await life(Lab(), down=[(operation, way)]) == way.startswith("crash")


# ---- what is somebody else's
STRANGE = [[], [{"Key": "owner", "Value": "tenant"}]]


@pytest.mark.parametrize("tags", STRANGE)
@pytest.mark.parametrize("name", ["alb", "alb-target"])
async def test_a28_what_is_not_ours_is_never_touched(autojump_clock, name, tags):
    """A28: AWS answers our create with what the tenant made under our name and with our settings: refused, with its ARN."""
    lab, driver = await made(goals=NO_ALB | dict.fromkeys(map(shared, ("alb-target", "alb-envoy")), 0))
    start = driver.begin(shared(name), "raise", 1)
    intent = driver.rows[shared(name)].intent
    answer = aws(lab, "elbv2", intent.operation, **{**intent.parameters, "Tags": tags})
    (theirs,) = next(iter(answer.values()))
    arn = theirs.get("LoadBalancerArn") or theirs["TargetGroupArn"]
    ended = await driver.carry_out(shared(name), start)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "not_ours")
    assert arn in ended.reason
    await driver.lower_all({shared(key): 9 for key in ("vpc", "igw", "sg", "public-a", "public-b")})
    assert lab.there().get("load-balancer" if name == "alb" else "target-group") == 1
    if name == "alb":  # it holds our subnet, and nobody waits for what will not go
        ended = await driver.step(shared("public-a"), "lower", 0)
        assert (ended.left, ended.code) == ("nothing", "held_by_others")
        assert arn in ended.reason
    assert lab.world.rows.find(arn).tags == {one["Key"]: one["Value"] for one in tags}


async def test_a28_other_settings_are_told_with_the_arn(autojump_clock):
    """A28: of the same name and not the same, it is refused at once."""
    lab, driver = await made(goals=NO_ALB)
    start = driver.begin(shared("alb"), "raise", 1)
    intent = driver.rows[shared("alb")].intent
    other = aws(lab, "elbv2", "CreateLoadBalancer", **{**intent.parameters, "Scheme": "internal", "Tags": []})
    ended = await driver.carry_out(shared("alb"), start)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "DuplicateLoadBalancerName")
    assert other["LoadBalancers"][0]["LoadBalancerArn"] in ended.reason


async def test_a28_what_is_ours_of_a_former_life_is_made_anew(autojump_clock):
    """A delete that was given up: the create of the next life meets its predecessor, which goes first."""
    lab, driver = await made()
    row = driver.rows[shared("alb")]
    former = row.facts["id"]
    row.lo = row.hi = 0
    row.facts, row.intent = {}, None
    ended = await driver.step(shared("alb"), "raise", 1)
    assert (ended.left, ended.code) == ("spoiled", "former_life")
    assert row.facts["id"] == former
    assert (await driver.step(shared("alb"), "lower", 0)).left == "done"
    assert (await driver.step(shared("alb"), "raise", 1)).left == "done"
    assert row.facts["id"] != former
    assert len(rows(lab, "load-balancer")) == 2


async def test_a_port_that_leads_elsewhere_is_told_and_left(autojump_clock):
    """A listener of somebody's on our port."""
    lab, driver = await made(goals={shared("alb-port"): 0, shared("alb-envoy"): 1})
    balancer, target = driver.rows[shared("alb")].facts["id"], driver.rows[shared("alb-target")].facts["id"]
    other = aws(
        lab,
        "elbv2",
        "CreateTargetGroup",
        Name="t",
        Protocol="HTTP",
        Port=1,
        VpcId=driver.rows[shared("vpc")].facts["id"],
    )
    action = [{"Type": "forward", "TargetGroupArn": other["TargetGroups"][0]["TargetGroupArn"]}]
    theirs = aws(
        lab, "elbv2", "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=action
    )
    ended = await driver.step(shared("alb-port"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "DuplicateListener")
    assert theirs["Listeners"][0]["ListenerArn"] in ended.reason
    assert target not in ended.reason


# ---- what no reference shows
async def test_a29_the_gateway_is_seen_late(autojump_clock):
    """A29: it is attached, the service does not see it yet: waited out; without one it is what it says."""
    lab, driver = await made(goals=NO_ALB)
    (gateway,) = [row for row in rows(lab, "internet-gateway") if not row.data.get("default")]
    gateway.data["elb_from"] = lab.clock.now() + 25
    assert (await driver.step(shared("alb"), "raise", 1)).left == "done"
    assert lab.mutations.count("CreateLoadBalancer") > 2


async def test_a29_a_full_subnet_fails_at_once(autojump_clock):
    """A29: the same code with other words names the subnet, and nobody waits."""
    lab, driver = await made(goals=NO_ALB)
    subnet = lab.world.rows.find(driver.rows[shared("public-a")].facts["id"])
    subnet.data["cidr"] = "10.0.0.0/29"
    began = trio.current_time()
    ended = await driver.step(shared("alb"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "InvalidSubnet")
    assert subnet.id in ended.reason
    assert trio.current_time() < began + 5


async def test_a46_without_the_role_it_says_which_is_missing(autojump_clock):
    """A46: nobody waits for a role that is not made."""
    lab, driver = await made(goals=NO_ALB)
    for row in lab.world.rows.of(lab.account, "aws-global", "role"):
        lab.world.rows.drop(row)
    ended = await driver.step(shared("alb"), "raise", 1)
    assert (ended.left, ended.code) == ("nothing", "AccessDenied")
    assert "AWSServiceRoleForElasticLoadBalancing" in ended.reason


# ---- WAF
async def test_a30_two_codes_are_waited_out_for_twenty_minutes(autojump_clock):
    """A30: WAF knows the load balancer ten minutes after it came up, and reads the association back later still."""
    lab, driver = await made(goals={shared("acl-alb"): 0})
    balancer = lab.world.rows.find(driver.rows[shared("alb")].facts["id"])
    balancer.data["waf_from"] = lab.clock.now() + 600
    lab.calls.clear()
    ended = await driver.step(shared("acl-alb"), "raise", 1)
    assert ended.left == "done"
    assert aws(lab, "wafv2", "GetWebACLForResource", ResourceArn=balancer.id)
    assert len(lab.reads) < len(lab.mutations)


async def test_a30_a_load_balancer_that_is_gone_is_told(autojump_clock):
    """A30: the same code, and nobody waits twenty minutes."""
    lab, driver = await made(goals={shared("acl-alb"): 0})
    aws(lab, "elbv2", "DeleteLoadBalancer", LoadBalancerArn=driver.rows[shared("alb")].facts["id"])
    began = trio.current_time()
    ended = await driver.step(shared("acl-alb"), "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "WAFNonexistentItemException")
    assert trio.current_time() < began + 120


async def test_a_lock_that_somebody_else_has_turned_is_read_anew(autojump_clock):
    """Another edit of the ACL: its lock token is another one, and the delete takes that."""
    lab, driver = await made()
    await driver.step(shared("acl-alb"), "lower", 0)
    rows(lab, "web-acl")[0].data["lock"] = "0" * 36
    assert (await driver.step(shared("acl"), "lower", 0)).left == "done"
    assert rows(lab, "web-acl") == []


# ---- the way down
async def test_a14_a_port_that_another_load_balancer_holds_is_waited_for(autojump_clock):
    """A14: a tenant's network load balancer has ours as a target; when that is over, it goes on by itself."""
    lab, driver = await made()
    balancer = driver.rows[shared("alb")].facts["id"]
    vpc = driver.rows[shared("vpc")].facts["id"]
    group = aws(lab, "elbv2", "CreateTargetGroup", Name="t", Protocol="TCP", Port=80, VpcId=vpc, TargetType="alb")
    target = {"TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"], "Targets": [{"Id": balancer}]}
    aws(lab, "elbv2", "RegisterTargets", **target)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.step, shared("alb-port"), "lower", 0)
        await trio.sleep(100)
        assert driver.rows[shared("alb-port")].lo == 1
        aws(lab, "elbv2", "DeregisterTargets", **target)
    assert driver.rows[shared("alb-port")].lo == 0


async def test_a51_who_waits_names_the_interface_and_touches_none(autojump_clock):
    """A51: interfaces outlive their load balancer by minutes; they are named, and go by themselves."""
    lab, driver = await made()
    lab.disturb("DeleteSubnet", *["DependencyViolation"] * 3)
    await driver.lower_all()
    assert lab.there() == {}
    assert not [one for one in lab.mutations if "Interface" in one]
    said = [one.text for one in driver.messages if isinstance(one, Progress) and "ELB app/dev-alb" in one.text]
    assert said


async def test_a51_what_a_tenant_serves_through_it_is_named(autojump_clock):
    """A51: AWS says only `another service`; its id is told, and nobody waits for what does not go by itself."""
    lab, driver = await made()
    arn = driver.rows[shared("nlb")].facts["id"]
    theirs = aws(lab, "ec2", "CreateVpcEndpointServiceConfiguration", NetworkLoadBalancerArns=[arn])
    service = theirs["ServiceConfiguration"]["ServiceId"]
    await driver.step(shared("nlb-port"), "lower", 0)
    ended = await driver.step(shared("nlb"), "lower", 0)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "held_by_others")
    assert service in ended.reason
    aws(lab, "ec2", "DeleteVpcEndpointServiceConfigurations", ServiceIds=[service])
    assert (await driver.step(shared("nlb"), "lower", 0)).left == "done"


async def test_a51_what_a_tenants_api_leads_through_is_named(autojump_clock):
    """A51: no endpoint service, but a VPC link of API Gateway, whose id is told; nobody else's life asks there."""
    lab, driver = await made()
    arn = driver.rows[shared("nlb")].facts["id"]
    link = aws(lab, "apigateway", "CreateVpcLink", name="theirs", targetArns=[arn])["id"]
    await driver.step(shared("nlb-port"), "lower", 0)
    assert "GetVpcLinks" not in lab.reads
    ended = await driver.step(shared("nlb"), "lower", 0)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "held_by_others")
    assert f"{link} (vpc-link)" in ended.reason
    aws(lab, "apigateway", "DeleteVpcLink", vpcLinkId=link)
    assert (await driver.step(shared("nlb"), "lower", 0)).left == "done"


async def test_a51_where_api_gateway_may_not_be_asked_it_is_only_not_named(autojump_clock):
    """A51: the read is denied, by name even: the load balancer is waited for as before, and goes when it is free."""
    lab, driver = await made()
    real, arn = lab.call, driver.rows[shared("nlb")].facts["id"]

    async def call(scope, service, operation, parameters):
        if service == "apigateway":
            await trio.sleep(0.1)
            words = "is not authorized with an explicit deny in a service control policy"
            raise AwsError("refused", "AccessDeniedException", words, 403)
        return await real(scope, service, operation, parameters)

    link = aws(lab, "apigateway", "CreateVpcLink", name="theirs", targetArns=[arn])["id"]
    driver.engine = lab.engine(call=call)
    await driver.step(shared("nlb-port"), "lower", 0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(driver.step, shared("nlb"), "lower", 0)
        await trio.sleep(300)
        assert driver.rows[shared("nlb")].lo == 1
        aws(lab, "apigateway", "DeleteVpcLink", vpcLinkId=link)
    assert driver.rows[shared("nlb")].lo == 0
    assert "associated with another service" in " ".join(m.text for m in driver.messages if isinstance(m, Progress))


async def test_what_comes_up_can_be_turned(autojump_clock):
    """A delete two minutes into a create: it is found by its tags, though nobody has its ARN."""
    lab, driver = await made(goals=NO_ALB)
    with trio.move_on_after(30):
        await driver.step(shared("alb"), "raise", 1)
    row = driver.rows[shared("alb")]
    assert (row.waiting, row.facts.get("id")) == (True, None)
    driver.restart()
    assert (await driver.step(shared("alb"), "lower", 0)).left == "done"
    assert [one.data["type"] for one in rows(lab, "load-balancer")] == ["network"]


# ---- health
async def test_a_target_is_healthy_only_when_something_listens(autojump_clock):
    """What is there and serves nothing is no healthy target; it says why."""
    lab, driver = await made(goals={shared("alb-envoy"): 1})
    machine = lab.world.rows.find(driver.rows[shared("envoy")].facts["id"])
    machine.data["listens"] = []
    ended = await driver.step(shared("alb-envoy"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("nothing", "temporary", "no_effect")
    assert "Health checks failed" in ended.reason
    machine.data |= {"listens": [10080], "listens_at": lab.clock.now()}
    assert (await driver.step(shared("alb-envoy"), "raise", 2)).left == "done"


async def test_a_machine_made_anew_is_registered_in_the_place_of_the_old(autojump_clock):
    """One step, and it is healthy again; the terminated one is no target any more."""
    lab, driver = await made()
    machine, registration = driver.rows[shared("envoy")], driver.rows[shared("alb-envoy")]
    await driver.step(shared("envoy"), "lower", 0)
    await driver.step(shared("envoy"), "raise", 2)
    assert (await driver.step(shared("alb-envoy"), "rebind", 2)).left == "done"
    assert registration.facts["machine"] == machine.facts["id"]
    found = aws(lab, "elbv2", "DescribeTargetHealth", TargetGroupArn=registration.facts["group"])
    assert [one["Target"]["Id"] for one in found["TargetHealthDescriptions"]] == [machine.facts["id"]]


# ---- the proof
async def prove(driver, expected):
    said = []
    await driver.engine.prove(driver.who, Proof("op", SANDBOX, 1), [REGION], expected, said.append)
    return said[0]


async def test_the_listings_find_them_and_say_what_they_cost(autojump_clock):
    """Ours by tags that only a second call shows; others' with their price."""
    lab, driver = await made()
    assert (await prove(driver, driver.may_stay())).found == ()
    found = {one.kind for one in (await prove(driver, {})).found}
    assert {"load-balancer", "target-group", "web-acl"} <= found
    for row in rows(lab, "load-balancer"):
        row.tags = {}
    said = (await prove(driver, driver.may_stay())).unmanaged
    assert [one.price for one in said] == ["load-balancer+elastic-ip*2"] * 2


async def test_what_somebody_takes_down_is_told(autojump_clock):
    """A load balancer deleted by hand, a target that does not answer any more: each is told; the rest is quiet."""
    lab, driver = await made()
    found = []
    await driver.engine.watch(driver.who, list(driver.rows.values()), found.append)
    assert found == []
    balancer = driver.rows[shared("nlb")]
    aws(lab, "elbv2", "DeleteLoadBalancer", LoadBalancerArn=balancer.facts["id"])
    await driver.engine.watch(driver.who, list(driver.rows.values()), found.append)
    assert all(isinstance(one, Lost) and one.reason for one in found)
    assert (balancer.node.key, 0) in {(one.key, one.state) for one in found}


async def test_what_was_made_a_moment_ago_and_is_not_shown_yet_is_not_left_over(autojump_clock):
    """Turned right after its create was answered, without its ARN, while no read shows it: a look that finds nothing proves nothing."""
    lab, driver = await made(goals=NO_ALB)
    real, hidden = lab.call, trio.current_time() + 100

    async def call(scope, service, operation, parameters):
        answer = await real(scope, service, operation, parameters)
        if operation == "DescribeLoadBalancers" and parameters.get("Names") and trio.current_time() < hidden:
            raise AwsError("refused", "LoadBalancerNotFound", "Load balancers '[dev-alb]' not found", 400)
        return answer

    driver.engine = lab.engine(call)
    await trio.sleep(20)
    with trio.move_on_after(2):
        await driver.step(shared("alb"), "raise", 1)
    row = driver.rows[shared("alb")]
    assert "id" not in row.facts, "the laboratory is sensitive"
    row.lo, row.hi, row.flight = 0, 1, None
    assert (await driver.step(shared("alb"), "lower", 0)).left == "done"
    assert [one.data["type"] for one in rows(lab, "load-balancer")] == ["network"]


async def test_a30_a_young_acl_before_an_old_load_balancer_is_waited_for(autojump_clock):
    """A30: WAF learns of both by itself; made an hour after the load balancer, the ACL is what it does not know."""
    lab, driver = await made(goals={shared("acl-alb"): 0, shared("acl"): 0})
    await trio.sleep(3600)
    assert (await driver.step(shared("acl"), "raise", 1)).left == "done"
    lab.disturb("AssociateWebACL", *["WAFUnavailableEntityException"] * 8)
    assert (await driver.step(shared("acl-alb"), "raise", 1)).left == "done"
