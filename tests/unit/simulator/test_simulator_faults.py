"""Faults at the gate: what becomes of a call, what the caller hears, what lands late; and the file that scripts them."""

import copy
import re
from pathlib import Path

import msgspec
import pytest
from simdesk import Desk

from sandboxd.simulator import ApiError, NoReply, open_world
from sandboxd.simulator.clock import SimClock
from sandboxd.simulator.fault_grammar import ACTIONS, Scripted
from sandboxd.simulator.faults import FaultFileError, read_script
from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.gate import Fault
from sandboxd.simulator.inprocess import call
from sandboxd.simulator.inventory import inventory
from sandboxd.simulator.persist import dump, load, restore, write
from sandboxd.simulator.wire import line
from sandboxd.simulator.witness import Witness

VPC = {"CidrBlock": "10.0.0.0/16"}


def once(fault):
    """A hook for one call."""
    left = [fault]
    return lambda _: left.pop() if left else None


def scripted(desk, tmp_path, text):
    file = tmp_path / "faults.toml"
    file.write_text(text)
    read_script(file, opened=desk.at).set_on(desk.world)


def hears(desk, operation="CreateVpc", service="ec2", account="", **parameters):
    """What the caller hears of a call: `ok`, an error's code and status, or how the reply was lost."""
    try:
        desk.call(operation, service, account, **(parameters or (VPC if operation == "CreateVpc" else {})))
    except ApiError as error:
        return f"{error.code} {error.status}"
    except NoReply as none:
        return none.how
    return "ok"


def vpcs(desk):
    return sum(item["kind"] == "vpc" for item in inventory(desk.world))


@pytest.mark.parametrize("effect", ["none", "now"])
@pytest.mark.parametrize(
    ("reply", "heard"),
    [("error", "InternalError 500"), *((how, how) for how in ("cut", "reset", "hang", "empty", "truncated"))],
)
def test_effect_and_reply_are_two_things(desk, effect, reply, heard):
    """Every reply can come before and after the effect, an error of 500 too; the next call is left alone."""
    desk.world.hook = once(Fault(effect=effect, reply=reply, code="InternalError", status=500))
    assert hears(desk) == heard
    assert vpcs(desk) == (effect == "now")
    assert hears(desk) == "ok"


def test_a_lost_refusal_is_lost(desk):
    """An effect that AWS refuses is heard as the fault says, not as the refusal; the log has the refusal."""
    desk.world.hook = once(Fault(effect="now", reply="cut"))
    assert hears(desk, "DeleteVpc", VpcId="vpc-00000000000000000") == "cut"
    assert desk.world.log.since(0)[-1].error == "InvalidVpcID.NotFound"


@pytest.mark.parametrize("reply", ["empty", "truncated"])
def test_a_refusal_is_never_heard_as_a_success(desk, reply):
    """Soak, seed 200292: a refused RevokeGrant was answered with 200 and an empty body, which is all that a successful one says."""
    desk.world.hook = once(Fault(effect="now", reply=reply))
    assert hears(desk, "DeleteVpc", VpcId="vpc-00000000000000000").startswith("InvalidVpcID.NotFound")


def test_a_reply_that_is_lost_carries_what_would_have_been_said(desk):
    """The wire sends half of it."""
    desk.world.hook = once(Fault(effect="now", reply="truncated"))
    with pytest.raises(NoReply) as caught:
        desk.call("CreateVpc", **VPC)
    assert caught.value.answer["Vpc"]["CidrBlock"] == "10.0.0.0/16"


def test_a_late_request_lands_at_its_moment(desk):
    """The caller hears nothing; nothing is there before; then it is, as of the moment at which it landed."""
    desk.world.hook = once(Fault(effect="late", reply="cut", after=40.0))
    assert hears(desk) == "cut"
    assert desk.world.next_landing() == desk.at + 40
    desk.later(39.9)
    assert vpcs(desk) == 0
    desk.later(100)
    (item,) = inventory(desk.world)
    row = desk.world.rows.find(item["id"])
    assert row.created == pytest.approx(desk.at - 99.9) and row.state(desk.at) == "available"
    assert desk.world.next_landing() is None
    assert [entry.error for entry in desk.world.log.since(0)] == ["late", ""]


@pytest.mark.parametrize("look", ["a call", "the inventory", "the witness"])
def test_whoever_looks_sees_what_has_landed(desk, look):
    """Landings come before every call, inventory and answer of the witness."""
    desk.world.hook = once(Fault(effect="late", reply="cut", after=5.0))
    assert hears(desk) == "cut"
    desk.later(6)
    match look:
        case "a call":
            assert len(desk.call("DescribeVpcs")["Vpcs"]) == 2
        case "the inventory":
            assert vpcs(desk) == 1
        case _:
            assert b'"mutations":2' in Witness(desk.world).answer("GET", "calls", "")[2]


def test_what_was_lost_is_told_as_lost(desk):
    """Nobody refused it; what landed is told as what it made."""
    desk.world.hook = once(Fault(reply="cut"))
    hears(desk)
    desk.world.hook = once(Fault(effect="late", reply="cut", after=1.0))
    hears(desk)
    desk.later(2)
    (made,) = inventory(desk.world)
    told = [line(entry).split(maxsplit=5)[4:] for entry in desk.world.log.since(0)]
    assert told == [["CreateVpc", "lost: cut"], ["CreateVpc", "lost: late"], ["CreateVpc", made["id"]]]


def test_late_requests_land_in_the_order_of_their_moments(desk):
    """What was sent later may land earlier; of the same moment, what was sent first. Refusals are swallowed and logged."""
    vpc = desk.call("CreateVpc", **VPC)["Vpc"]["VpcId"]
    for after, cidr in ((30, "10.0.1.0/24"), (10, "10.0.0.0/16"), (30, "10.0.2.0/24")):
        desk.world.hook = once(Fault(effect="late", reply="cut", after=after))
        assert hears(desk, "CreateSubnet", VpcId=vpc, CidrBlock=cidr) == "cut"
    desk.later(31)
    desk.call("DescribeVpcs")
    landed = [entry for entry in desk.world.log.since(0) if entry.operation == "CreateSubnet" and entry.error != "late"]
    assert [(entry.at - desk.at + 31, entry.error) for entry in landed] == [
        (10, ""), (30, "InvalidSubnet.Conflict"), (30, "InvalidSubnet.Conflict"),
    ]  # fmt: skip


def test_a_late_request_is_what_it_was_when_it_was_sent(desk):
    """Its caller may go on using its parameters."""
    asked = copy.deepcopy(VPC) | {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "k", "Value": "v"}]}]}
    desk.world.hook = once(Fault(effect="late", reply="cut", after=5.0))
    with pytest.raises(NoReply):
        call(desk.world, desk.account, "eu-central-1", "ec2", "CreateVpc", asked)
    asked["TagSpecifications"][0]["Tags"][0]["Value"] = "changed"
    desk.later(6)
    assert inventory(desk.world)[0]["tags"] == {"k": "v"}


def test_what_is_on_its_way_survives_the_simulator(desk, tmp_path):
    """A saved world keeps its late requests."""
    desk.world.hook = once(Fault(effect="late", reply="cut", after=50.0))
    assert hears(desk) == "cut"
    write(tmp_path, dump(desk.world))
    desk.world = open_world(clock=SimClock(pace=1, origin=0, real=lambda: desk.at))
    restore(desk.world, load(tmp_path))
    assert desk.world.next_landing() == desk.at + 50
    desk.later(51)
    assert vpcs(desk) == 1


# ---- the file
ONE = '[[fault]]\nservice = "ec2"\noperation = "CreateVpc"\n'


@pytest.mark.parametrize(
    ("fault", "heard", "made"),
    [
        ('action = "refuse"\ncode = "RequestLimitExceeded"\nstatus = 503', "RequestLimitExceeded 503", 0),
        ('action = "fail"', "InternalError 500", 0),
        ('action = "fail"\neffect = "now"\ncode = "Unavailable"\nstatus = 503', "Unavailable 503", 1),
        ('action = "lose"', "cut", 1),
        ('action = "drop"', "cut", 0),
        ('action = "reset"', "reset", 1),
        ('action = "reset"\neffect = "none"', "reset", 0),
        ('action = "hang"', "hang", 1),
        ('action = "empty"', "empty", 1),
        ('action = "truncated"', "truncated", 1),
        ('action = "late"\nafter = 30', "cut", 0),
        ('action = "storm"\ntimes = 1', "RequestLimitExceeded 503", 0),
        ('action = "deny"\ntimes = 1', "UnauthorizedOperation 403", 0),
        ('action = "down"\ntimes = 1', "reset", 0),
    ],
)
def test_each_action_of_a_script(desk, tmp_path, fault, heard, made):
    """Once, then nothing more."""
    scripted(desk, tmp_path, ONE + fault)
    assert hears(desk) == heard
    assert vpcs(desk) == made
    assert hears(desk) == "ok"


def counts(desk, calls, operation="DescribeVpcs"):
    """Which calls of many were disturbed, from 1."""
    return [n for n in range(1, calls + 1) if hears(desk, operation) != "ok"]


@pytest.mark.parametrize(
    ("when", "hit"),
    [
        ("", [1]),
        ("nth = 2", [2]),
        ("nth = 2\ntimes = 2", [2, 3]),
        ("every = 2", [1, 3, 5]),
        ("nth = 2\nevery = 2", [2, 4, 6]),
        ("every = 2\ntimes = 2", [1, 3]),
        ("chance = 1.0", [1, 2, 3, 4, 5, 6]),
        ("until = 0.5", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_which_calls_a_fault_hits(desk, tmp_path, when, hit):
    """By number, by turn, by chance, by time."""
    text = f'[[fault]]\nservice = "ec2"\noperation = "*"\naction = "drop"\n{when}'
    scripted(desk, tmp_path, text)
    assert counts(desk, 6) == hit


def test_chance_is_seeded(desk, tmp_path):
    """The same seed hits the same calls, another one others."""
    text = '[[fault]]\nservice = "ec2"\noperation = "*"\naction = "drop"\nchance = 0.3'
    found = []
    for seed in (1, 1, 2):
        scripted(desk, tmp_path, f"seed = {seed}\n{text}")
        found.append(counts(desk, 40, "DescribeVpcs"))
    assert found[0] == found[1] != found[2]
    assert 4 <= len(found[0]) <= 20


def test_a_storm_has_its_time_its_accounts_and_each_services_words(desk, tmp_path):
    """From, until, accounts, several services."""
    scripted(desk, tmp_path, (
        '[[fault]]\nservice = ["ec2", "organizations"]\noperation = "*"\naction = "storm"\nfrom = 60\nuntil = 90\n'
        f'accounts = ["{desk.account}", "{MANAGEMENT}"]'
    ))  # fmt: skip
    other = next(a for a in desk.world.organization["accounts"] if a not in (MANAGEMENT, desk.account))
    assert hears(desk, "DescribeVpcs") == "ok"
    desk.later(60)
    assert {hears(desk, "DescribeVpcs") for _ in range(5)} == {"RequestLimitExceeded 503"}
    assert hears(desk, "ListRoots", "organizations", MANAGEMENT) == "TooManyRequestsException 400"
    assert hears(desk, "DescribeVpcs", "ec2", other) == "ok"
    assert hears(desk, "GetCallerIdentity", "sts") == "ok"
    desk.later(30)
    assert hears(desk, "DescribeVpcs") == "ok"


def test_scarcity_quotas_and_guard_duty_by_file(desk, tmp_path):
    """Facts of the world: a type that a zone has not, a quota, what a service does by itself."""
    text = 'guard_duty = true\n[quotas]\nvpcs = 1\n[[scarcity]]\ntype = "m6i.xlarge"\nzones = ["euc1-az1"]\n'
    more = '[[scarcity]]\ntype = "t3.micro"\nzones = ["euc1-az2"]\nwhat = "not-offered"\n'
    scripted(desk, tmp_path, text + more)
    assert desk.world.scarcity.exhausted == {"m6i.xlarge": ("euc1-az1",)}
    assert not desk.world.scarcity.offers("t3.micro", ("eu-central-1b", "euc1-az2"))
    assert desk.world.guard_duty.is_on
    assert hears(desk) == "VpcLimitExceeded 400"  # there is the default one


def test_weather_and_chaos_by_file(desk, tmp_path):
    """Their tables, beside faults, which come first."""
    scripted(desk, tmp_path, (
        "[weather]\nchance = 1.0\nmortal = 0.5\nuntil = 60\n[chaos]\nrate = 1.0\nreads = 0.0\nuntil = 30\n"
        + ONE + 'action = "drop"\ntimes = 2'
    ))  # fmt: skip
    assert (desk.world.weather.chance, desk.world.weather.mortal, desk.world.weather.until) == (1.0, 0.5, desk.at + 60)
    assert [hears(desk), hears(desk)] == ["cut", "cut"] and vpcs(desk) == 0
    chaos = desk.world.hook.chaos
    assert not chaos.met
    hears(desk)
    assert sum(chaos.met.values()) == 1
    desk.later(30)
    assert hears(desk, CidrBlock="10.7.0.0/16") == "ok"
    assert "10.7.0.0/16" not in str(desk.call("DescribeVpcs"))


def test_pages_that_are_not_what_they_seem(desk, tmp_path):
    """An empty page leads on to everything; the same token leads nowhere."""
    org = {"operation": "ListAccounts", "service": "organizations", "account": MANAGEMENT}
    scripted(desk, tmp_path, '[[fault]]\nservice = "organizations"\noperation = "ListAccounts"\naction = "empty-page"')
    page = desk.call(**org)
    assert page["Accounts"] == []
    assert len(desk.call(**org, NextToken=page["NextToken"])["Accounts"]) == 4
    scripted(desk, tmp_path, (
        '[[fault]]\nservice = "organizations"\noperation = "ListAccounts"\naction = "same-page"\ntimes = 100'
    ))  # fmt: skip
    first = desk.call(**org)
    assert desk.call(**org, NextToken=first["NextToken"]) == first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[fault]]\naction = 'lose'", "missing required field `service`"),
        (ONE + "action = 'loose'", r"faults\.toml:1:1: fault\[0\]: there is no action 'loose', did you mean 'lose'\?"),
        (ONE + "action = 'refuse'", "a refusal needs a `code`"),
        (ONE + "action = 'lose'\nnth = 0", r"faults\.toml:5:1: fault\[0\]\.nth: .*>= 1"),
        (ONE + "nht = 1\naction = 'lose'", r"faults\.toml:4:1: .*no such key 'nht', did you mean 'nth'\?"),
        ("[[fault]]\nservice = 'ec22'\noperation = '*'\naction = 'lose'", "no service 'ec22', did you mean 'ec2'"),
        ("[[fault]]\nservice = 'ec2'\noperation = 'CreateVpcs'\naction = 'lose'", "did you mean 'CreateVpc'"),
        (ONE + "action = 'drop'\nevery = 2\nchance = 0.5", "exclude each other"),
        (ONE + "action = 'drop'\nfrom = 20\nuntil = 10", "`until` lies after `from`"),
        (ONE + "action = 'storm'\neffect = 'now'", "'storm' has no `effect`"),
        (ONE + "action = 'fail'\nstatus = 200", ">= 400"),
        (ONE + "action = 'drop'\nchance = 2.0", "<= 1"),
        ("faults = 1", "no such key 'faults', did you mean 'fault'"),
        ("][", r"faults\.toml:1:1"),
        ("[weather]\nchange = 0.5", "no such key 'change', did you mean 'chance'"),
        ("[chaos]\nrate = 2.0", "<= 1"),
        ("[quotas]\nvpc = 1", "no quota 'vpc', did you mean 'vpcs'"),
        ("[[scarcity]]\ntype = 't3.mikro'\nzones = []", "no type 't3.mikro', did you mean 't3.micro'"),
    ],
)
def test_a_wrong_fault_file_says_where_and_what_was_meant(tmp_path, text, says):
    """File, line, what is wrong with it, and a suggestion."""
    file = tmp_path / "faults.toml"
    file.write_text(text)
    with pytest.raises(FaultFileError, match=says):
        read_script(file, opened=0.0)


def test_the_documented_examples_are_read(tmp_path):
    """Every TOML block of the page; its actions and keys are those that there are."""
    page = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text("utf-8")
    blocks = [part.partition("```")[0] for part in page.split("```toml\n")[1:]]
    assert len(blocks) == 2
    for block in blocks:
        file = tmp_path / "faults.toml"
        file.write_text(block)
        read_script(file, opened=0.0)
    table = {
        name
        for line in page.splitlines()
        if line.startswith("| `")
        for name in re.findall("`([a-z-]+)`", line.split("|")[1])
    }
    keys = {field.encode_name for field in msgspec.structs.fields(Scripted)} - {"action"}
    assert set(ACTIONS) | keys <= table


def test_faults_leave_ids_and_durations_alone():
    """A world with a script that hits only reads makes the same things as one without."""
    plain, disturbed = Desk(seed=3), Desk(seed=3)
    disturbed.world.hook = lambda q: Fault(reply="cut") if q.operation == "DescribeVpcs" else None
    assert hears(disturbed, "DescribeVpcs") == "cut"
    assert plain.network() == disturbed.network()
