"""Storms: many steps at once send little more than AWS lets through, come back quickly, and pay nothing in quiet times."""

import pytest
import trio
from enginelab import LabClock

from sandboxd.engine.buckets import Bucket, bucket_of
from sandboxd.engine.limiter import Limiter
from sandboxd.engine.pace import back_off
from sandboxd.model.ports import AwsError, Scope

SCOPE = Scope("1", "r")


class Aws:
    """A token bucket, and what it answered."""

    def __init__(self, bucket):
        self.bucket, self.tokens, self.at = bucket, bucket.burst, 0.0
        self.sent, self.passed = [], []

    async def __call__(self, scope, service, operation, parameters):
        now = trio.current_time()
        self.tokens = min(self.bucket.burst, self.tokens + (now - self.at) * self.bucket.rate)
        self.at = now
        self.sent.append(now)
        await trio.sleep(0.3)
        if self.tokens < 1:
            raise AwsError("refused", "RequestLimitExceeded", "Request limit exceeded.", 503)
        self.tokens -= 1
        self.passed.append(now)
        return {}


async def step(call, name, operation):
    """One step: again and again until it is through, as steps do."""
    tries = 0
    while True:
        try:
            return await call(SCOPE, "ec2", operation, {})
        except AwsError as error:
            assert error.code == "RequestLimitExceeded"
            tries += 1
            await trio.sleep(back_off(tries, name))


async def storm(aws, n, operation, limited=True):
    call = Limiter(call=aws, clock=LabClock()) if limited else aws
    async with trio.open_nursery() as nursery:
        for number in range(n):
            nursery.start_soon(step, call, str(number), operation)


async def test_a_storm_keeps_to_the_bucket(autojump_clock):
    """200 at once: at most a tenth more than AWS lets through is sent; without the limiter several times that."""
    bucket = bucket_of("ec2", "CreateVpc")
    aws = Aws(bucket)
    await storm(aws, 400, "CreateVpc")
    assert len(aws.sent) <= 1.1 * len(aws.passed) == 1.1 * 400
    wild = Aws(bucket)
    await storm(wild, 400, "CreateVpc", limited=False)
    assert len(wild.sent) > 1.5 * len(wild.passed)


async def test_a_smaller_bucket_than_listed_is_learned(autojump_clock):
    """After the first burst hardly anything is throttled, and AWS is kept busy."""
    aws = Aws(Bucket(20, 2))
    await storm(aws, 600, "CreateVpc")
    late = [at for at in aws.sent if at > 60], [at for at in aws.passed if at > 60]
    assert len(late[0]) <= 1.1 * len(late[1])
    assert trio.current_time() < 1.35 * (600 - 20) / 2


async def test_it_recovers_within_a_minute(autojump_clock):
    """Throttled to the floor for two minutes; a minute after AWS lets everything through again, so do we."""
    aws = Aws(Bucket(1, 0.1))
    call = Limiter(call=aws, clock=LabClock())
    async with trio.open_nursery() as nursery:
        for number in range(1000):
            nursery.start_soon(step, call, str(number), "CreateVpc")
        await trio.sleep(120)
        aws.bucket = Bucket(50, 5)
        await trio.sleep(60)
        began = len(aws.passed)
        await trio.sleep(60)
        assert len(aws.passed) - began >= 0.9 * 5 * 60
        nursery.cancel_scope.cancel()


async def test_throttled_reads_are_asked_by_one_for_all(autojump_clock):
    """A59: twenty that poll, ninety seconds of throttling: less than one read in two seconds, all answered after it."""
    sent = []

    async def aws(*_):
        sent.append(trio.current_time())
        await trio.sleep(0.3)
        if trio.current_time() < 90:
            raise AwsError("refused", "RequestLimitExceeded", "Request limit exceeded.", 503)
        return {}

    await storm(aws, 20, "DescribeInstances")
    during = [at for at in sent if 1 < at < 90]
    assert 0 < len(during) <= 45
    assert trio.current_time() < 130


async def test_a_long_throttle_says_since_when(autojump_clock):
    """And an account, region or operation that is not throttled does not wait for one that is."""
    clock = LabClock()

    async def aws(scope, service, operation, parameters):
        if scope.account == "1":
            raise AwsError("refused", "RequestLimitExceeded", "Request limit exceeded.", 503)
        return {}

    call, said = Limiter(call=aws, clock=clock), []
    while trio.current_time() < 120:
        with pytest.raises(AwsError) as caught:
            await call(SCOPE, "ec2", "DescribeVpcs", {})
        said.append(str(caught.value))
        before = trio.current_time()
        await call(Scope("2", "r"), "ec2", "DescribeVpcs", {})
        assert trio.current_time() == before
    assert "since" not in said[0]
    assert "AWS throttles DescribeVpcs since" in said[-1]
