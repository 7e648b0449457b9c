"""What goes wrong in a whole sandbox, as lives: each cause ends where it should, is named with what to do next, and a retry goes on.

Whatever is refused before anything is made leaves no trace; whatever fails on the way is held as it is, bills what it bills, and a
retry after the cause is mended repeats nothing that had come true.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import trio
from enginelab import REGION, Lab
from houselab import MANAGEMENT, living
from trio.testing import MockClock

from sandboxd.model.errors import Refusal
from sandboxd.model.ports import AwsError
from sandboxd.simulator.furnish import DESKTOP
from sandboxd.simulator.guest import Fault

DENIED = "not authorized, with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/p-9"
UNAVAILABLE = "AWS WAF couldn't retrieve the resource that you requested. Retry your request."
ONCE = ("CreateVpc", "CreateNatGateway", "AllocateAddress", "CreateLoadBalancer", "CreateFleet", "PutParameter")


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


class Cause(NamedTuple):
    """One thing that is wrong, and what people are told of it."""

    spoil: Callable[[Lab], Callable[[], Any]]
    """returns how it is mended"""
    says: tuple[str, ...]
    code: str


def refuses(operation, code, words, outcome="refused", status=400):
    """Every such call is answered with an error."""

    def spoil(lab):
        real = lab._answer

        def answer(scope, service, name, parameters):
            if name == operation:
                raise AwsError(outcome, code, words, status)
            return real(scope, service, name, parameters)

        lab._answer = answer
        return lambda: setattr(lab, "_answer", real)

    return spoil


def fails(verb, fault):
    """Every such script on a machine."""

    def spoil(lab):
        lab.world.guest_hook = lambda _account, asked, _now: fault if asked == verb else None
        return lambda: setattr(lab.world, "guest_hook", lambda *_: None)

    return spoil


def quota(name, value):
    def spoil(lab):
        known = dict(lab.world.quotas)
        lab.world.quotas[name] = value
        return lambda: (lab.world.quotas.clear(), lab.world.quotas.update(known))

    return spoil


def without(kind, beginning):
    """What begins so in the image account is not there."""

    def spoil(lab):
        gone = [row for row in lab.world.rows.of(MANAGEMENT, REGION, kind) if row.data["name"].startswith(beginning)]
        names = [row.data["name"] for row in gone]
        for row in gone:
            row.data["name"] = f"old-{row.data['name']}"
        assert gone
        return lambda: [row.data.update(name=name) for row, name in zip(gone, names, strict=True)]

    return spoil


FAILURES = {
    "image not shared": Cause(refuses("ModifyImageAttribute", "UnauthorizedOperation", DENIED, status=403), ("image-share", "policy/o-1/p-9", "then retry"), "UnauthorizedOperation"),
    "key denied": Cause(refuses("CreateGrant", "AccessDeniedException", DENIED), ("key-grant", "policy/o-1/p-9", "then retry"), "AccessDeniedException"),
    "repository not shared": Cause(refuses("SetRepositoryPolicy", "AccessDeniedException", DENIED), ("repository-share", "then retry"), "AccessDeniedException"),
    "fleet image not shared": Cause(refuses("UpdateImagePermissions", "AccessDeniedException", DENIED), ("desktop-share", "then retry"), "AccessDeniedException"),
    "fleet does not start": Cause(refuses("StartFleet", "ResourceNotFoundException", "no such fleet"), ("appstream-fleet", "no such fleet"), "ResourceNotFoundException"),
    "installer": Cause(fails("install", Fault(3)), ("ended with exit code 3. Its log is", "then retry"), "constellation_failed"),
    "envoy rejects": Cause(fails("envoy-deliver", Fault(5)), ("ingress-route", "told to reject", "retry"), "ingress_rejected"),
    "envoy does not end": Cause(fails("envoy-deliver", Fault(never=True)), ("ingress-route", "timed out", "retry"), "timed_out"),
    "envoy runs the old one": Cause(fails("envoy-deliver", Fault(0)), ("ingress-route", "Envoy still runs version 0-empty, wanted 1-", "retry"), "timed_out"),
    "WAF association": Cause(refuses("AssociateWebACL", "WAFUnavailableEntityException", UNAVAILABLE), ("web-acl-association", "AWS Health", "retry"), "WAFUnavailableEntityException"),
    "WAF broken": Cause(refuses("CreateWebACL", "WAFInternalErrorException", "internal", "unknown", 500), ("web-acl", "WAFInternalErrorException", "retry"), "timed_out"),
    "WAF quota": Cause(refuses("CreateWebACL", "WAFLimitsExceededException", "too many"), ("web-acl", "Raise this quota", "retry"), "WAFLimitsExceededException"),
    "probe": Cause(fails("probe", Fault(1)), ("ended with exit code 1. Look at what should answer", "retry"), "probe_failed"),
    "probe never": Cause(fails("probe", Fault(never=True)), ("did not end in time, and was ended. Look", "retry"), "probe_timed_out"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
async def test_a_failure_names_its_cause_and_a_retry_goes_on(autojump_clock, tmp_path, name):
    """The sandbox is `initializing_failed` with the cause and the next step; the retry makes nothing a second time."""
    cause, lab = FAILURES[name], Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        mend = cause.spoil(lab)
        failed = await life.create(profile="model-bank", amq=True, smart_client=True)
        assert (failed.state, failed.code) == ("failed", cause.code)
        assert [words for words in cause.says if words not in failed.reason] == [], failed.reason
        sandbox = life.desk.sandbox("acme/bank")
        assert (sandbox.state, sandbox.reason) == ("initializing_failed", failed.reason)
        mend()
        again = await life.retry(failed)
        assert (again.state, life.desk.sandbox("acme/bank").state) == ("succeeded", "started"), again.reason
        made = [entry.operation for entry in lab.world.log.since(0) if not entry.error]
        assert {one: made.count(one) for one in ONCE} == {
            "CreateVpc": 1, "CreateNatGateway": 1, "AllocateAddress": 1, "CreateLoadBalancer": 2, "CreateFleet": 1, "PutParameter": 2,
        }  # fmt: skip
        assert (await life.command("delete")).state == "succeeded"
        assert lab.there() == {}


REFUSALS = {
    "image": Cause(without("image", "openshift"), ("openshift-sno-*",), "image_not_found"),
    "envoy's image": Cause(without("image", "envoy"), ("envoy-*",), "image_not_found"),
    "fleet image": Cause(without("desktop-image", DESKTOP[0][:8]), ("avaloq-desktop-*",), "image_not_found"),
    "repositories": Cause(without("repository", "constellations/"), ("constellations/*",), "repository_not_found"),
    "vcpus": Cause(quota("vcpus", 10), ("Running On-Demand Standard", "needs 28 more"), "quota_too_low"),
    "load balancers": Cause(quota("load_balancers", 0), ("Application Load Balancers",), "quota_too_low"),
    "addresses": Cause(quota("elastic_ips", 0), ("Elastic IPs",), "quota_too_low"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_cannot_be_is_refused_before_anything_is_made(autojump_clock, tmp_path, name):
    """Not one call that changes anything; mended, the same command goes on."""
    cause, lab = REFUSALS[name], Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        mend, before = cause.spoil(lab), len(lab.mutations)
        with pytest.raises(Refusal) as caught:
            await life.create(profile="model-bank", smart_client=True)
        assert caught.value.code == cause.code
        assert [words for words in cause.says if words not in caught.value.detail] == [], caught.value.detail
        assert caught.value.hint
        assert len(lab.mutations) == before
        mend()
        await trio.sleep(700)  # quotas are believed for a while
        await life.begin_create(profile="model-bank", smart_client=True)


async def test_an_installer_that_never_reports_is_run_again_alone(autojump_clock, tmp_path):
    """Its agent has ended it before the create fails; the first retry runs it again, and no machine is made for that."""
    lab = Lab(shared=False)
    async with living(lab, tmp_path) as life:
        await life.onboard()
        mend = fails("install", Fault(never=True))(lab)
        failed = await life.create(profile="training")
        assert (failed.code, life.desk.sandbox("acme/bank").state) == ("constellation_timed_out", "initializing_failed")
        assert "was ended. Its log is" in failed.reason
        mend()
        launched = lab.mutations.count("RunInstances")
        assert (await life.retry(failed)).state == "succeeded"
        assert lab.mutations.count("RunInstances") == launched
