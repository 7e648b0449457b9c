"""Target groups, listeners and health of the simulator."""

import pytest
from balancing import Balancing

from sandboxd.simulator import ApiError


@pytest.fixture
def serving():
    """A load balancer with a listener, its target group, and a machine in it."""
    desk = Balancing()
    desk.arn, desk.tg, desk.vm = desk.balancer(), desk.targets(), desk.machine()
    desk.later(200)
    desk.port = desk.listener(desk.arn, desk.tg)
    desk.elb("RegisterTargets", TargetGroupArn=desk.tg, Targets=[{"Id": desk.vm}])
    return desk


def refused(desk, operation, **parameters):
    """Code of a refusal of elbv2."""
    return desk.refused(operation, "elbv2", **parameters)


def test_a_machine_that_serves_is_healthy_after_its_checks(serving):
    """Initial, healthy after interval times threshold; stopped it is unused, started again it is checked anew."""
    assert serving.health(serving.tg) == [("initial", "Elb.RegistrationInProgress")]
    serving.later(20)
    assert serving.health(serving.tg) == [("healthy", "")]
    serving.call("StopInstances", InstanceIds=[serving.vm])
    serving.later(60)
    assert serving.health(serving.tg) == [("unused", "Target.InvalidState")]
    serving.call("StartInstances", InstanceIds=[serving.vm])
    serving.later(45)
    assert serving.health(serving.tg)[0][0] in ("initial", "healthy")
    serving.later(20)
    assert serving.health(serving.tg) == [("healthy", "")]


def test_a_machine_that_does_not_listen_is_unhealthy(serving):
    """What the machine's row says it listens on decides, from the moment on that it says."""
    machine = serving.world.rows.find(serving.vm)
    machine.data["listens"] = [9000]
    serving.later(19)
    assert serving.health(serving.tg)[0][0] == "initial"
    serving.later(1)
    assert serving.health(serving.tg) == [("unhealthy", "Target.FailedHealthChecks")]
    machine.data |= {"listens": [8080], "listens_at": serving.world.clock.now()}
    serving.later(19)
    assert serving.health(serving.tg)[0][0] == "initial"
    serving.later(1)
    assert serving.health(serving.tg) == [("healthy", "")]


def test_a_target_that_leaves_drains_and_comes_back_at_once(serving):
    """Deregistered it is seen draining for minutes; registered again it is new. A terminated machine is no target."""
    target = {"TargetGroupArn": serving.tg, "Targets": [{"Id": serving.vm}]}
    serving.elb("DeregisterTargets", **target)
    assert serving.health(serving.tg) == [("draining", "Target.DeregistrationInProgress")]
    serving.elb("RegisterTargets", **target)
    assert serving.health(serving.tg)[0][0] == "initial"
    serving.elb("DeregisterTargets", **target)
    serving.later(301)
    assert serving.health(serving.tg) == []
    asked = serving.elb("DescribeTargetHealth", TargetGroupArn=serving.tg, Targets=[{"Id": serving.vm}])
    assert asked["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"] == "Target.NotRegistered"
    serving.elb("RegisterTargets", **target)
    serving.call("TerminateInstances", InstanceIds=[serving.vm])
    serving.later(120)
    assert serving.health(serving.tg) == []


def test_a_group_without_a_listener_is_not_in_use():
    """Nobody checks it."""
    desk = Balancing()
    group, machine = desk.targets(), desk.machine()
    desk.elb("RegisterTargets", TargetGroupArn=group, Targets=[{"Id": machine}])
    desk.later(100)
    assert desk.health(group) == [("unused", "Target.NotInUse")]


def test_only_running_machines_of_the_vpc_can_be_registered(serving):
    """Unknown, stopped, of another VPC."""
    register = {"TargetGroupArn": serving.tg}
    assert refused(serving, "RegisterTargets", **register, Targets=[{"Id": "i-0"}]) == "InvalidTarget"
    serving.call("StopInstances", InstanceIds=[serving.vm])
    serving.later(60)
    assert refused(serving, "RegisterTargets", **register, Targets=[{"Id": serving.vm}]) == "InvalidTarget"
    stranger = serving.launch("", "s")
    del stranger["SubnetId"]
    other = serving.call("RunInstances", **stranger)["Instances"][0]["InstanceId"]
    serving.later(60)
    assert refused(serving, "RegisterTargets", **register, Targets=[{"Id": other}]) == "InvalidTarget"


def test_listeners_are_one_a_port_and_groups_one_a_load_balancer(serving):
    """The same again succeeds, another one on the port does not; a group in use stays, and serves one load balancer."""
    assert serving.listener(serving.arn, serving.tg) == serving.port
    other = serving.targets("other")
    action = [{"Type": "forward", "TargetGroupArn": other}]
    listener = {"LoadBalancerArn": serving.arn, "Protocol": "HTTP", "Port": 80, "DefaultActions": action}
    assert refused(serving, "CreateListener", **listener) == "DuplicateListener"
    assert refused(serving, "CreateListener", **listener | {"Protocol": "TCP"}) == "UnsupportedProtocol"
    assert refused(serving, "CreateListener", **listener | {"Protocol": "HTTPS", "Port": 443}) == "ValidationError"
    assert refused(serving, "DeleteTargetGroup", TargetGroupArn=serving.tg) == "ResourceInUse"
    second = serving.balancer(Name="second")
    with pytest.raises(ApiError, match="more than one load balancer"):
        serving.listener(second, serving.tg)
    assert serving.targets("tg") == serving.tg
    assert refused(serving, "CreateTargetGroup", Name="tg", Protocol="HTTP", Port=1, VpcId=serving.vpc) == (
        "DuplicateTargetGroupName"
    )
    shown = serving.elb("DescribeTargetGroups", LoadBalancerArn=serving.arn)["TargetGroups"]
    assert [(one["TargetGroupArn"], one["LoadBalancerArns"]) for one in shown] == [(serving.tg, [serving.arn])]
    serving.elb("DeleteLoadBalancer", LoadBalancerArn=serving.arn)
    assert refused(serving, "DescribeListeners", ListenerArns=[serving.port]) == "ListenerNotFound"
    serving.elb("DeleteTargetGroup", TargetGroupArn=serving.tg)
    serving.elb("DeleteTargetGroup", TargetGroupArn=serving.tg)


def test_a14_a_load_balancer_that_is_a_target_holds_its_port(serving):
    """Case A14: neither listener nor load balancer goes while it is a target, and for half a minute after."""
    network = serving.balancer(Name="nlb", Type="network", SecurityGroups=[])
    group = serving.targets("of-alb", "TCP", 80, TargetType="alb")
    serving.listener(network, group, "TCP")
    target = {"TargetGroupArn": group, "Targets": [{"Id": serving.arn}]}
    serving.elb("RegisterTargets", **target)
    for _ in range(2):
        assert refused(serving, "DeleteListener", ListenerArn=serving.port) == "ResourceInUse"
        assert refused(serving, "DeleteLoadBalancer", LoadBalancerArn=serving.arn) == "ResourceInUse"
        serving.elb("DeregisterTargets", **target)
    serving.later(31)
    serving.elb("DeleteListener", ListenerArn=serving.port)
    serving.elb("DeleteLoadBalancer", LoadBalancerArn=serving.arn)


def test_a_network_load_balancer_has_a_name_of_its_own_and_no_groups():
    """What tells it from an application's."""
    desk = Balancing()
    asked = desk.settings(Type="network")
    del asked["SecurityGroups"]
    made = desk.elb("CreateLoadBalancer", **asked)["LoadBalancers"][0]
    assert "SecurityGroups" not in made
    assert ":loadbalancer/net/alb/" in made["LoadBalancerArn"]
    assert made["DNSName"].endswith(".elb.eu-central-1.amazonaws.com")
    interfaces = desk.call("DescribeNetworkInterfaces")["NetworkInterfaces"]
    assert {one["InterfaceType"] for one in interfaces} == {"network_load_balancer"}
    assert all(one["Groups"] == [] and not one["SourceDestCheck"] for one in interfaces)


def test_tags_stand_in_an_answer_of_their_own(serving):
    """Of load balancers, target groups and listeners; added, removed, and not of what is not there."""
    arns = [serving.arn, serving.tg, serving.port]
    serving.elb("AddTags", ResourceArns=arns, Tags=[{"Key": "a", "Value": "b"}])
    shown = serving.elb("DescribeTags", ResourceArns=arns)["TagDescriptions"]
    assert [one["ResourceArn"] for one in shown] == arns
    assert all({"Key": "a", "Value": "b"} in one["Tags"] for one in shown)
    serving.elb("RemoveTags", ResourceArns=arns, TagKeys=["a", "k"])
    assert all(not one["Tags"] for one in serving.elb("DescribeTags", ResourceArns=arns)["TagDescriptions"])
    assert refused(serving, "DescribeTags", ResourceArns=[serving.arn + "0"]) == "LoadBalancerNotFound"
    assert refused(serving, "DescribeTags", ResourceArns=["arn:x"]) == "ValidationError"
