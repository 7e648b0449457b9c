"""Every answer of the simulator against the facts of recorded real AWS."""

from sandboxd.simulator.services import SERVICES
from tests.referee.differences import ALLOWED, NEVER_RECORDED, judge

ENOUGH = 3000


def test_no_answer_differs_from_recorded_aws_without_a_reason(held, covered):
    without_reason, _ = judge(held.differences)
    covered(f"referee: {len(held.made)} checks, made {sum(held.made.values())} times; "
          f"{len(held.differences)} differences, {len(without_reason)} without a reason")  # fmt: skip
    assert not without_reason, "\n".join(f"{one}: {held.differences[one]}" for one in sorted(without_reason))


def test_no_reason_is_kept_for_a_difference_that_is_gone(held):
    _, idle = judge(held.differences)
    assert not idle


def test_enough_is_checked_that_agreement_means_something(held):
    assert len(held.made) >= ENOUGH


def test_what_nobody_recorded_is_named_and_nothing_else_is_skipped(held):
    assert {operation for _, operation in held.without_facts} == NEVER_RECORDED


def test_the_life_asks_every_operation_that_the_simulator_answers(said):
    known = {(service, name) for service, one in SERVICES.items() for name in one.operations}
    assert known == {(one.service, one.operation) for one in said}


def test_every_reason_is_a_sentence():
    assert all(len(one.reason) > 20 for one in ALLOWED)
