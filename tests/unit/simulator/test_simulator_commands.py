"""Commands of the simulator: accepted late, read later, run by a guest whose disk outlives a stop."""

import pytest
from simweather import ScriptedWeather

from sandboxd.simulator import ApiError
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.fault_grammar import FaultFile, GuestTable
from sandboxd.simulator.faults import Script
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.ssm.agents import PING

INSTALL = "#sandboxd install name=bank"


def machine_of(desk, **more):
    """A machine of the default network with its agent online."""
    asked = {key: value for key, value in desk.launch("x", **more).items() if key != "SubnetId"} | desk.profile()
    machine = desk.call("RunInstances", **asked)["Instances"][0]["InstanceId"]
    desk.later(300)
    return machine


def send(desk, machine, *lines, **more):
    asked = {"DocumentName": "AWS-RunShellScript", "InstanceIds": [machine]} | more
    parameters = {"commands": list(lines)} | more.pop("Parameters", {})
    return desk.call("SendCommand", "ssm", **(asked | {"Parameters": parameters}))["Command"]["CommandId"]


def result(desk, machine, command):
    return desk.call("GetCommandInvocation", "ssm", CommandId=command, InstanceId=machine)


def run(desk, machine, *lines, after=20.0, **more):
    command = send(desk, machine, *lines, **more)
    desk.later(after)
    return result(desk, machine, command)


def disk(desk, machine):
    return desk.world.rows.find(machine).data.get("disk", {})


def pings(desk):
    return [one["PingStatus"] for one in desk.call("DescribeInstanceInformation", "ssm")["InstanceInformationList"]]


def test_a9_reads_do_not_know_a_command_at_once(desk):
    """Lists are empty with 200, and the run does not exist, with an empty message."""
    machine = machine_of(desk)
    command = send(desk, machine, "#sandboxd echo say=hello")
    assert desk.call("ListCommands", "ssm", InstanceId=machine) == {"Commands": []}
    assert desk.call("ListCommandInvocations", "ssm", CommandId=command) == {"CommandInvocations": []}
    with pytest.raises(ApiError) as caught:
        result(desk, machine, command)
    assert (caught.value.code, caught.value.message) == ("InvocationDoesNotExist", "")
    desk.later(5)
    seen = result(desk, machine, command)
    assert (seen["Status"], seen["StandardOutputContent"], seen["ResponseCode"]) == ("Success", "hello\n", 0)


def test_the_output_comes_with_the_end(desk):
    """Twelve minutes of nothing; the log's tail is another command."""
    machine = machine_of(desk)
    seen = run(desk, machine, INSTALL, after=400)
    assert (seen["Status"], seen["StandardOutputContent"], seen["ResponseCode"]) == ("InProgress", "", -1)
    tail = run(desk, machine, "#sandboxd tail name=bank", after=5)
    assert tail["StandardOutputContent"].startswith("[5") and "of 12" in tail["StandardOutputContent"]
    desk.later(420)
    seen = result(desk, machine, seen["CommandId"])
    assert (seen["Status"], seen["StandardOutputContent"]) == ("Success", "installed\n")
    assert seen["ExecutionElapsedTime"].startswith("PT1")


def test_an_installer_runs_once_whatever_is_sent(desk):
    """The second start waits for the first; what is installed is not installed again, also after a stop."""
    machine = machine_of(desk)
    first = run(desk, machine, INSTALL)
    second = run(desk, machine, INSTALL, after=900)
    assert (second["Status"], second["StandardOutputContent"]) == ("Success", "already running\n")
    assert result(desk, machine, first["CommandId"])["Status"] == "Success"
    desk.call("StopInstances", InstanceIds=[machine])
    desk.later(60)
    desk.call("StartInstances", InstanceIds=[machine])
    desk.later(300)
    assert run(desk, machine, INSTALL)["StandardOutputContent"] == "already installed\n"
    assert disk(desk, machine)["install bank"]["runs"] == 1


def test_what_runs_dies_with_the_machine(desk):
    """The command runs into its timeout, the installer is not installed, and a third start does it again."""
    machine = machine_of(desk)
    command = run(desk, machine, INSTALL, after=100)["CommandId"]
    desk.call("RebootInstances", InstanceIds=[machine])
    desk.later(300)
    assert result(desk, machine, command)["Status"] == "InProgress"
    desk.later(7200)
    seen = result(desk, machine, command)
    assert (seen["Status"], seen["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    assert run(desk, machine, INSTALL, after=900)["StandardOutputContent"] == "installed\n"
    assert disk(desk, machine)["install bank"]["runs"] == 2


def test_a_cancelled_command_ends_what_it_began(desk):
    """And what is over stays as it is."""
    machine = machine_of(desk)
    command = run(desk, machine, INSTALL, after=100)["CommandId"]
    desk.call("CancelCommand", "ssm", CommandId=command)
    assert result(desk, machine, command)["Status"] == "Cancelling"
    desk.later(5)
    assert result(desk, machine, command)["Status"] == "Cancelled"
    done = run(desk, machine, "true")["CommandId"]
    desk.call("CancelCommand", "ssm", CommandId=done)
    assert result(desk, machine, done)["Status"] == "Success"
    assert desk.refused("CancelCommand", "ssm", CommandId="x" * 36) == "InvalidCommandId"


def test_a27_one_code_for_five_things(desk):
    """Unknown, not registered yet, stopped, terminated, without a profile."""
    machine = machine_of(desk)
    asked = {key: value for key, value in desk.launch("x", "bare").items() if key != "SubnetId"}
    bare = desk.call("RunInstances", **asked)["Instances"][0]["InstanceId"]
    said = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}}

    def code(one):
        return desk.refused("SendCommand", "ssm", InstanceIds=[one], **said)

    desk.later(3 * 3600)
    assert (code("i-00000000000000000"), code(bare)) == ("InvalidInstanceId", "InvalidInstanceId")
    desk.call("StopInstances", InstanceIds=[machine])
    desk.later(60)
    assert code(machine) == "InvalidInstanceId"
    desk.call("StartInstances", InstanceIds=[machine])
    desk.later(45)
    assert code(machine) == "InvalidInstanceId"
    desk.later(200)
    send(desk, machine, "true")
    desk.call("TerminateInstances", InstanceIds=[machine])
    desk.later(90)
    assert code(machine) == "InvalidInstanceId"


def test_a40_the_row_of_a_stopped_machine_goes_and_may_be_stale(desk):
    """In bad weather it is still there when the next boot begins, with a ping of the former one."""
    machine = machine_of(desk)
    desk.world.weather = ScriptedWeather(late=240.0)
    desk.call("StopInstances", InstanceIds=[machine])
    desk.later(60)
    desk.call("StartInstances", InstanceIds=[machine])
    desk.later(45)
    assert pings(desk) == ["Online"]
    (row,) = desk.call("DescribeInstanceInformation", "ssm")["InstanceInformationList"]
    booted = desk.call("DescribeInstances")["Reservations"][0]["Instances"][0]["LaunchTime"]
    assert row["LastPingDateTime"] < booted
    desk.later(180)
    assert pings(desk) == []


def test_online_is_what_the_last_ping_said(desk):
    """A lost agent is online for five minutes more; a command for it is accepted and never delivered."""
    machine = machine_of(desk)
    desk.world.rows.find(machine).data["agent_lost_at"] = desk.at
    assert pings(desk) == ["Online"]
    command = send(desk, machine, "true", TimeoutSeconds=60)
    desk.later(30)
    assert result(desk, machine, command)["Status"] == "Pending"
    desk.later(PING)
    assert pings(desk) == ["ConnectionLost"]
    assert result(desk, machine, command)["StatusDetails"] == "DeliveryTimedOut"


def test_a10_a_reboot_wakes_an_agent(desk):
    """It boots without a way out, and sleeps, also when there is one."""
    net = desk.network()
    machine = desk.run(net["subnet"], **desk.profile())["InstanceId"]
    table = desk.call("DescribeRouteTables", Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])["RouteTables"][0]
    nat = {"SubnetId": net["subnet"], "AllocationId": net["address"]}
    gateway = desk.call("CreateNatGateway", **nat)["NatGateway"]["NatGatewayId"]
    route = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": "0.0.0.0/0"}
    desk.call("CreateRoute", **route, NatGatewayId=gateway)
    desk.later(900)
    assert pings(desk) == []
    desk.call("RebootInstances", InstanceIds=[machine])
    desk.later(200)
    assert pings(desk) == ["Online"]


def test_scripts_fail_as_they_are_told(desk):
    """By the fault file: with an exit code, or never."""
    guests = (GuestTable(verb="install", code=7), GuestTable(verb="install", nth=2, never=True))
    Script(FaultFile(guest=guests), opened=0.0).set_on(desk.world)
    machine = machine_of(desk)
    seen = run(desk, machine, INSTALL, after=800)
    assert (seen["Status"], seen["ResponseCode"]) == ("Failed", 7)
    limit = {"executionTimeout": ["5400"]}
    command = send(desk, machine, INSTALL, Parameters=limit)
    desk.later(5000)
    assert result(desk, machine, command)["Status"] == "InProgress"
    desk.later(600)
    assert result(desk, machine, command)["StatusDetails"] == "ExecutionTimedOut"
    assert disk(desk, machine)["install bank"]["ends"] < NEVER


def test_a_verb_that_no_machine_knows_is_a_mistake():
    """Of the file."""
    with pytest.raises(ValueError, match=r"there is no verb 'instal', did you mean 'install'\?"):
        GuestTable(verb="instal")


def test_listings_are_the_newest_first_and_can_be_narrowed(desk):
    """By machine and time; commands are no resources."""
    machine = machine_of(desk)
    commands = []
    for _ in range(3):
        commands.append(send(desk, machine, "true"))
        desk.later(60)
    page = desk.call("ListCommands", "ssm", InstanceId=machine, MaxResults=2)
    assert [one["CommandId"] for one in page["Commands"]] == commands[:0:-1]
    more = desk.call("ListCommands", "ssm", InstanceId=machine, MaxResults=2, NextToken=page["NextToken"])
    assert [one["CommandId"] for one in more["Commands"]] == commands[:1]
    since = [{"key": "InvokedAfter", "value": page["Commands"][0]["RequestedDateTime"].isoformat()}]
    (last,) = desk.call("ListCommandInvocations", "ssm", Filters=since, Details=True)["CommandInvocations"]
    assert last["CommandPlugins"][0]["Status"] == "Success"
    assert "command" not in [one["kind"] for one in inventory(desk.world)]


def test_a16_only_a_delivery_can_end_well_and_do_nothing():
    """A16: exit code 0 is no failure of an installer."""
    assert GuestTable(verb="envoy-deliver", code=0).code == 0
    with pytest.raises(ValueError, match="no failure of 'install'"):
        GuestTable(verb="install", code=0)
