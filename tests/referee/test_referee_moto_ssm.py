"""The same calls of Systems Manager to the simulator and to moto: sandboxd reads the same of both, but for what has a reason."""

import random

import pytest

from tests.referee import sequences_ssm
from tests.referee.doors import InProcess
from tests.referee.life_steps import AMI
from tests.referee.moto_server import MotoDoor, moto_server, prepare_organization

CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
_YOUNG = "moto refuses an id that it does not know; AWS lists nothing and says InvocationDoesNotExist, also of what is too new"
EXCUSES = {
    (
        "SendCommand",
        "refused",
    ): "moto runs documents that do not exist; AWS refuses them with InvalidDocument",
    ("ListCommands", "found"): _YOUNG,
    ("ListCommands", "refused"): _YOUNG,
    ("GetCommandInvocation", "refused"): _YOUNG,
}
"""(operation, reading) -> why moto's answer is another"""


def machine_of(door):
    """A machine whose agent is online; at moto every machine has one."""
    account = door.members[0]

    def call(service, operation, **parameters):
        return door.call(account, service, operation, parameters)

    role, profile = {"RoleName": "agent"}, {"InstanceProfileName": "agent"}
    call("iam", "CreateRole", **role, AssumeRolePolicyDocument="{}")
    call("iam", "AttachRolePolicy", **role, PolicyArn=CORE)
    call("iam", "CreateInstanceProfile", **profile)
    call("iam", "AddRoleToInstanceProfile", **profile, **role)
    door.later(60)
    image = call("ssm", "GetParameter", Name=AMI)["Parameter"]["Value"]
    asked = {
        "ImageId": image,
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "IamInstanceProfile": {"Name": "agent"},
    }
    machine = call("ec2", "RunInstances", **asked)["Instances"][0]["InstanceId"]
    door.later(300)
    return machine


@pytest.fixture(scope="module")
def found():
    """What both answered: pairs of readings."""
    pairs = []
    with moto_server() as endpoint:
        moto, ours = MotoDoor(endpoint, prepare_organization(endpoint).pool), InProcess()
        doors = [(door, door.members[0], machine_of(door)) for door in (ours, moto)]
        for seed in range(3):
            both = [
                sequences_ssm.results(door, account, sequences_ssm.parameters(random.Random(seed)))
                for door, account, _ in doors
            ]
            pairs += _named(both, doors)
        both = [
            sequences_ssm.results(door, account, sequences_ssm.commands(machine)) for door, account, machine in doors
        ]
        pairs += _named(both, doors)
        moto.close()
    return pairs


def _named(both, doors):
    """Readings side by side, accounts and machines by one name."""
    ours, theirs = (
        [
            {key: text.replace(account, "<account>").replace(machine, "<machine>") for key, text in one.items()}
            for one in side
        ]
        for side, (_, account, machine) in zip(both, doors, strict=True)
    )
    every = [{**dict.fromkeys(other, "-"), **one} for one, other in zip(ours, theirs, strict=True)]
    return [
        (key, text, other.get(key, "-")) for one, other in zip(every, theirs, strict=True) for key, text in one.items()
    ]


def test_sandboxd_reads_the_same_of_the_simulator_and_of_moto(found, covered):
    unlike = [one for one in found if one[1] != one[2]]
    covered(f"referee: {len(found)} readings of Systems Manager, {len(unlike)} differ")
    assert len(found) > 80
    assert [one for one in unlike if one[0] not in EXCUSES] == []


def test_no_excuse_is_kept_for_a_difference_that_is_gone(found):
    assert {key for key, one, other in found if one != other} == set(EXCUSES)
