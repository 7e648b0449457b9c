"""The same seeded calls to the simulator and to moto: sandboxd reads the same of both, but for what has a reason."""

import random

import pytest

from tests.referee.differential import Side, compare
from tests.referee.doors import InProcess
from tests.referee.life_steps import AMI
from tests.referee.moto_differences import judge
from tests.referee.moto_server import MotoDoor, moto_server, prepare_organization
from tests.referee.readings import READINGS
from tests.referee.sequences import ending, living, making
from tests.referee.transcript import Door

SEEDS = (0, 1, 2)


def side(door: Door) -> Side:
    """One AWS with the public image of `trial`, whatever its id is there."""
    account = door.members[0]
    image = door.call(account, "ssm", "GetParameter", {"Name": AMI})["Parameter"]["Value"]
    return Side(door, account, image)


@pytest.fixture(scope="module")
def found():
    """How much was compared, and what differed, over all seeds."""
    compared, unlike = 0, []
    with moto_server() as endpoint:
        door = MotoDoor(endpoint, prepare_organization(endpoint).pool)
        for seed in SEEDS:
            count, differing = compare(seed, side(InProcess()), side(door))
            compared, unlike = compared + count, unlike + differing
        door.close()
    return compared, unlike


def test_sandboxd_reads_the_same_of_the_simulator_and_of_moto(found, covered):
    compared, unlike = found
    open_ones, _ = judge(unlike)
    covered(
        f"referee: {compared} readings of simulator and moto, {len(unlike)} differ, {len(open_ones)} without a reason"
    )
    assert not open_ones


def test_no_excuse_is_kept_for_a_difference_that_is_gone(found):
    _, idle = judge(found[1])
    assert not idle


def test_most_of_it_is_the_same(found):
    compared, unlike = found
    assert compared > 900 and len(unlike) < compared / 8


def test_a_sequence_touches_every_kind_and_the_same_seed_gives_the_same_one():
    def steps(seed):
        rng = random.Random(seed)
        return [*making(rng), *living(rng), *ending(rng)]

    assert {step.about.partition("-")[0] for step in steps(1)} == set(READINGS)
    assert steps(1) == steps(1) != steps(2)


def test_a_side_that_lies_is_found_out():
    class Liar(InProcess):
        def call(self, account, service, operation, parameters):
            answer = super().call(account, service, operation, parameters)
            if operation == "DescribeVpcs":
                answer["Vpcs"][0]["State"] = "pending"
            return answer

    _, unlike = compare(0, side(InProcess()), side(Liar()))
    assert {(one.kind, one.member) for one in unlike} == {("vpc", "State")}
