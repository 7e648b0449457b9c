"""What the witness counts of a phase."""

import json

from sandboxd.simulator.witness import Witness


def test_what_was_read_before_anything_changed_is_told(desk):
    """A preflight: reads before the first change, whoever asks for credentials aside."""
    desk.call("DescribeVpcs")
    desk.call("GetServiceQuota", "service-quotas", ServiceCode="vpc", QuotaCode="L-F678F1CE")
    desk.call("GetCallerIdentity", "sts")
    before = json.loads(Witness(desk.world).answer("GET", "calls", "")[2])
    assert (before["calls"], before["mutations"], before["before"]) == (3, 0, 2)
    desk.call("CreateVpc", CidrBlock="10.0.0.0/16")
    desk.call("DescribeVpcs")
    after = json.loads(Witness(desk.world).answer("GET", "calls", "")[2])
    assert (after["calls"], after["mutations"], after["before"]) == (5, 1, 2)
