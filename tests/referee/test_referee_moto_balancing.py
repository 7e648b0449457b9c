"""The same calls about load balancers and WAF to the simulator and to moto: sandboxd reads the same of both, but for what has a reason."""

import pytest

from tests.referee.balancing import READINGS, balancing
from tests.referee.differential import Side, compare
from tests.referee.doors import InProcess
from tests.referee.life_steps import AMI
from tests.referee.moto_differences import BALANCING, judge
from tests.referee.moto_server import MotoDoor, moto_server, prepare_organization

SEEDS = (0, 1)
LINKED = {"AWSServiceName": "elasticloadbalancing.amazonaws.com"}


class Readable(Side):
    """What has no reading of its own is read by its health and tags only."""

    def see(self, name):
        return super().see(name) if name.partition("-")[0] in READINGS else {}


def side(door):
    account = door.members[0]
    if isinstance(door, InProcess):  # moto needs no role, and cannot make it
        door.call(account, "iam", "CreateServiceLinkedRole", LINKED)
        door.later(60)
    image = door.call(account, "ssm", "GetParameter", {"Name": AMI})["Parameter"]["Value"]
    return Readable(door, account, image, READINGS, 200.0)


@pytest.fixture(scope="module")
def found():
    """How much was compared, and what differed, over all seeds."""
    compared, unlike = 0, []
    with moto_server() as endpoint:
        organization = prepare_organization(endpoint)
        for seed in SEEDS:
            door = MotoDoor(endpoint, organization.pool[seed:])
            count, differing = compare(seed, side(InProcess()), side(door), balancing)
            compared, unlike = compared + count, unlike + differing
            door.close()
    return compared, unlike


def test_sandboxd_reads_the_same_of_load_balancers(found, covered):
    compared, unlike = found
    open_ones, _ = judge(unlike, BALANCING)
    covered(f"referee: {compared} readings of load balancers, {len(unlike)} differ, {len(open_ones)} without a reason")
    assert not open_ones


def test_no_excuse_about_load_balancers_is_kept_for_a_difference_that_is_gone(found):
    _, idle = judge(found[1], BALANCING)
    assert not idle
