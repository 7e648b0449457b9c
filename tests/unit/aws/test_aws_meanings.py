"""What codes prove and mean, prices, times, tags: pure."""

from datetime import UTC, datetime, timedelta

import pytest

from sandboxd.aws import outcomes, prices
from sandboxd.aws.credentials import lifetime
from sandboxd.aws.kinds import KINDS, by_name, specs
from sandboxd.aws.times import fast_timestamp
from sandboxd.engine import tags
from sandboxd.engine.meaning import hint, meaning
from sandboxd.engine.pace import back_off, first_look, next_look
from sandboxd.engine.ports import Identity, Owner
from sandboxd.model.resource import Usual

MOVE = by_name()["vpc"].move(by_name()["vpc"].spec.node("r/shared/n", {}), "raise", 0, 1)
IDENTITY = Identity(install="inst", secret=b"k" * 32, management_account="1" * 12)


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("InsufficientInstanceCapacity", 500, "refused"),
        ("RequestLimitExceeded", 503, "refused"),
        ("Throttling", 503, "refused"),
        ("InvalidVpcID.NotFound", 400, "refused"),
        ("UnauthorizedOperation", 403, "refused"),
        ("InternalError", 500, "unknown"),
        ("ServiceUnavailable", 503, "unknown"),
        ("Unavailable", 503, "unknown"),
        ("500", 500, "unknown"),
        ("502", 502, "unknown"),
        ("403", 403, "unknown"),
        ("", 400, "unknown"),
        ("Unknown", 400, "unknown"),
    ],
)
def test_the_code_decides_before_the_status(code, status, outcome):
    """5xx with a code that says nothing happened is refused; 4xx without AWS's body proves nothing."""
    assert outcomes.outcome("ec2", code, status) == outcome


def test_every_service_that_a_kind_calls_has_its_sets():
    """One service's code is not another's: EC2's capacity is no answer of Organizations."""
    assert {kind.service for kind in KINDS} <= outcomes.SERVICES.keys()
    assert outcomes.outcome("ec2", "InsufficientInstanceCapacity", 500) == "refused"
    assert outcomes.outcome("organizations", "InsufficientInstanceCapacity", 500) == "unknown"
    assert meaning("ec2", "TooManyRequestsException", MOVE, "raise") == "throttled"
    assert meaning("ec2", "ConstraintViolationException", MOVE, "raise") == "permanent"
    assert "quota" in hint("organizations", "ConstraintViolationException")
    assert not hint("ec2", "ConstraintViolationException")


def test_the_sets_of_a_service_do_not_overlap():
    """A code means one thing."""
    for service in outcomes.SERVICES:
        of = outcomes.codes(service)
        names = list(of.__struct_fields__)
        for number, name in enumerate(names):
            for other in names[number + 1 :]:
                assert not getattr(of, name) & getattr(of, other), (service, name, other)


@pytest.mark.parametrize(
    ("kind", "way", "to", "code", "what"),
    [
        ("vpc", "lower", 0, "InvalidVpcID.NotFound", "gone"),
        ("vpc", "lower", 0, "DependencyViolation", "busy"),
        ("subnet", "raise", 1, "InvalidVpcID.NotFound", "unseen"),
        ("subnet", "raise", 1, "InvalidSubnet.Conflict", "there"),
        ("elastic-ip", "lower", 0, "InvalidNetworkInterfaceID.NotFound", "busy"),
        ("elastic-ip", "lower", 0, "AuthFailure", "busy"),
        ("elastic-ip", "lower", 0, "InvalidAllocationID.NotFound", "gone"),
        ("elastic-ip", "raise", 1, "AddressLimitExceeded", "permanent"),
        ("nat-gateway", "raise", 1, "InvalidAllocationID.NotFound", "unseen"),
        ("machine", "raise", 2, "IdempotentInstanceTerminated", "died"),
        ("machine", "raise", 2, "AuthFailure", "permanent"),
        ("machine", "lower", 1, "IncorrectInstanceState", "busy"),
        ("machine", "lower", 0, "OperationNotPermitted", "permanent"),
        ("load-balancer", "raise", 1, "DuplicateLoadBalancerName", "there"),
        ("load-balancer", "raise", 1, "TooManyLoadBalancers", "permanent"),
        ("load-balancer", "raise", 1, "SubnetNotFound", "unseen"),
        ("load-balancer", "lower", 0, "OperationNotPermitted", "permanent"),
        ("load-balancer", "lower", 0, "ResourceInUse", "busy"),
        ("listener", "lower", 0, "ListenerNotFound", "gone"),
        ("target-group", "lower", 0, "ResourceInUse", "busy"),
        ("target-registration", "raise", 1, "InvalidTarget", "busy"),
        ("web-acl", "raise", 1, "WAFDuplicateItemException", "there"),
        ("web-acl", "raise", 1, "WAFLimitsExceededException", "permanent"),
        ("web-acl", "lower", 0, "WAFAssociatedItemException", "busy"),
        ("web-acl", "lower", 0, "WAFOptimisticLockException", "there"),
        ("account-claim", "raise", 1, "SourceParentNotFoundException", "there"),
        ("account-claim", "raise", 1, "ConcurrentModificationException", "throttled"),
    ],
)
def test_what_a_refusal_means(kind, way, to, code, what):
    """The move says first, then the named sets."""
    entry = by_name()[kind]
    node = entry.spec.node("r/shared/n", {})
    at = 0 if way == "raise" else len(node.states) - 1
    assert meaning(entry.service, code, entry.move(node, way, at, to), way) == what


def test_every_kind_has_a_move_for_each_step_that_plans_can_ask_for():
    """From absence to the last state and back, along the edges."""
    for kind in KINDS:
        node = kind.spec.node("r/shared/n", {})
        last = len(node.states) - 1
        if kind.spec.name not in ("volume", "network-interface"):  # only ever found, never made by a step of its own
            _walk(kind, node, "raise", 0, last)
        if kind.spec.name != "account-claim":
            _walk(kind, node, "lower", last, 0)


def _walk(kind, node, way, at, goal):
    while at != goal:
        step = 1 if way == "raise" else -1
        to = next((edge.to for edge in node.edges if (edge.at, edge.goal) == (at, goal)), at + step)
        assert kind.move(node, way, at, to) is not None, (kind.spec.name, way, at, to)
        at = to


def test_every_hourly_price_of_a_kind_is_in_the_list():
    """What costs says how much, a machine by its type and disk."""
    listed = prices.load()
    assert listed.currency == "USD"
    for spec in specs().values():
        node = spec.node("r/s/n", {}, type="t3.micro", disk=8)
        for key in node.prices.values():
            assert listed.per_hour[key] > 0
    machine = specs()["machine"].node("r/s/n", {}, type="t3.micro", disk=8)
    assert listed.per_hour[machine.prices[2]] == pytest.approx(0.012 + 8 * 0.0952 / 730)
    assert listed.per_hour.get("instance.unknown.type+disk.gp3*8") is None


def test_tags_are_authentic_only_as_they_were_made():
    """Another account, key, generation, tenant or a missing one: not ours."""
    who = Owner("2" * 12, "ten_1")
    made = tags.make(IDENTITY, who, "eu/sbx_1/vpc", 3)
    assert tags.verify(IDENTITY, who.account, made) == tags.Mine("eu/sbx_1/vpc", 3, "ten_1")
    assert tags.verify(IDENTITY, "3" * 12, made) is None
    for key in made:
        assert tags.verify(IDENTITY, who.account, {**made, key: made[key] + "x"}) is None
        assert tags.verify(IDENTITY, who.account, {k: v for k, v in made.items() if k != key}) is None


def test_tokens_derive_from_what_a_restart_does_not_change():
    """36 characters; another generation or step is another token."""
    one = tags.token(IDENTITY, "2" * 12, "eu/sbx_1/vpc", 3, "raise 1")
    assert len(one) == 36
    assert one == tags.token(IDENTITY, "2" * 12, "eu/sbx_1/vpc", 3, "raise 1")
    assert one != tags.token(IDENTITY, "2" * 12, "eu/sbx_1/vpc", 4, "raise 1")


@pytest.mark.parametrize("text", ["2026-11-25T08:00:00.000Z", "2026-11-25T08:00:00Z", 1795593600])
def test_times_are_read_as_botocore_reads_them(text):
    """The quick way and the general one agree."""
    assert fast_timestamp(text) == datetime(2026, 11, 25, 8, tzinfo=UTC)


def test_a_session_lives_as_long_as_awss_own_clock_says():
    """Expiration against the Date of the reply; without one, what was asked for; never more."""
    now = datetime(2026, 11, 25, 8, tzinfo=UTC)
    answer = {"ResponseMetadata": {"HTTPHeaders": {"date": "Wed, 25 Nov 2026 08:00:00 GMT"}}}
    assert lifetime(answer, now + timedelta(minutes=30)) == 1800
    assert lifetime(answer, now + timedelta(days=3)) == 3600
    assert lifetime({}, now) == 3600


def test_looks_begin_when_one_in_five_has_come_true_and_grow_rare():
    """NAT gateways: from 93 s on, every six; overdue ones every thirty at most."""
    usual = Usual(103, 117)
    assert 92 < first_look(usual) < 95
    assert 6 < next_look(usual, 90) < 7
    assert next_look(usual, 5000) == 30
    assert 0.5 <= back_off(0, "x") <= 1
    assert 10 <= back_off(30, "x") <= 20
