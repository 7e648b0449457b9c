"""Machines of images that another account gives: keys, disks, and what AWS says only after it has accepted a launch."""

import pytest
import trio
from enginelab import REGION, Driver, nodes, own, shared, zone_of
from sharelab import fresh, image_row, key_of, members, share_nodes

from sandboxd.aws.kinds import specs
from sandboxd.simulator import keys
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.furnish import MANAGEMENT

DEVICES = "/dev/xvda"
SHARES = (shared("image"), shared("key"))


async def bank(lab=None, devices=DEVICES, **settings):
    """A sandbox whose machine is of an image of the image account, up to its launch; nothing is shared beforehand."""
    lab = lab or fresh()
    given = share_nodes(lab, ())
    graph = nodes(f"{image_row(lab).id} {devices}", await zone_of(lab))
    machine = graph.pop()
    links = {**machine.links, "share": tuple(node.key for node in given)}
    machine = specs()["machine"].node(machine.key, links, **machine.parameters)
    driver = Driver(lab, [*given, *graph, machine], **settings)
    await driver.raise_all({own("acp"): 0})
    return lab, driver


def call(lab, operation, service="ec2", account="", **parameters):
    """A call of somebody else."""
    return lab.world.call(lab.world.caller(account or lab.account), REGION, service, operation, parameters)


def volumes(lab):
    """Every disk in the account, seen by its owner."""
    return call(lab, "DescribeVolumes")["Volumes"]


def launches(lab):
    """Parameters of every launch."""
    return [parameters for operation, _, parameters in lab.calls if operation == "RunInstances"]


# ---- keys
async def test_a42_disks_are_encrypted_with_the_accounts_own_key_whatever_its_default_is(autojump_clock):
    """A42: somebody set a default key that is disabled; the launch names its key, so no default takes part."""
    lab, driver = await bank()
    broken = call(lab, "CreateKey", "kms")["KeyMetadata"]["Arn"]
    call(lab, "ModifyEbsDefaultKmsKeyId", KmsKeyId=broken)
    call(lab, "DisableKey", "kms", KeyId=broken)
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    mine = keys.arn(keys.of_aws(lab.world, lab.account, REGION, 0))
    assert [one["KmsKeyId"] for one in volumes(lab)] == [mine]
    assert len(launches(lab)) == 1


async def test_what_is_revoked_never_bricks_a_stopped_sandbox(autojump_clock):
    """Shares go while the machine is stopped; it starts again, and nothing of the image account is asked."""
    lab, driver = await bank()
    machine = own("acp")
    assert (await driver.step(machine, "raise", 2)).left == "done"
    assert (await driver.step(machine, "lower", 1)).left == "done"
    for key in SHARES:
        assert (await driver.step(key, "lower", 0)).left == "done"
    assert lab.world.rows.of(MANAGEMENT, REGION, "grant") == []
    assert lab.account not in image_row(lab).data["shared_with"]
    assert (await driver.step(machine, "raise", 2)).left == "done"


async def test_a42_a_grant_that_is_missing_is_named_and_not_tried_for_ever(autojump_clock):
    """A42: old shares, a grant that somebody revoked: one launch, which dies; the reason says where to look."""
    lab, driver = await bank()
    await trio.sleep(400)
    (grant,) = lab.world.rows.of(MANAGEMENT, REGION, "grant")
    call(lab, "RevokeGrant", "kms", MANAGEMENT, KeyId=key_of(lab), GrantId=grant.id)
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "permanent", "Client.InternalError")
    assert "grants of that key in the image account" in ended.reason
    assert len(launches(lab)) == 1
    await trio.sleep(65 * 60)
    assert "grants of that key" in ended.reason, "AWS has forgotten the machine by now"


async def test_a_grant_that_has_not_reached_everywhere_yet_is_waited_for(autojump_clock):
    """A launch too early dies of it; that is temporary while the share is young."""
    lab, driver = await bank()
    (grant,) = lab.world.rows.of(MANAGEMENT, REGION, "grant")
    grant.data["from"] = lab.clock.now() + 120
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how) == ("spoiled", "temporary")
    await driver.step(own("acp"), "lower", 0)
    await trio.sleep(120)
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"


async def test_a42_a_key_of_the_image_that_was_disabled_is_named(autojump_clock):
    """A42: at once and lasting, with what to enable."""
    lab, driver = await bank()
    call(lab, "DisableKey", "kms", MANAGEMENT, KeyId=key_of(lab))
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "permanent", "Client.InvalidKMSKey.InvalidState")
    assert "enable that of the image" in ended.reason


# ---- the image
async def test_an_image_whose_share_is_seen_late_is_waited_for(autojump_clock):
    """The tenant's account is told of a new launch permission late."""
    lab, driver = await bank()
    image_row(lab).data["reaches"][lab.account] = lab.clock.now() + 60
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    assert len(launches(lab)) > 1


@pytest.mark.parametrize("how", ["taken", "never"])
async def test_an_image_that_somebody_takes_away_is_named(autojump_clock, how):
    """Refused for good, soon where a look shows that the permission is gone, or when it should have been seen for long."""
    lab, driver = await bank()
    if how == "taken":
        image_row(lab).data["shared_with"] = []
    else:
        image_row(lab).data["reaches"][lab.account] = NEVER
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("nothing", "permanent", "AuthFailure")
    assert image_row(lab).id in ended.reason


# ---- disks
async def test_a35_every_disk_goes_with_its_machine(autojump_clock):
    """A35: the image says of its second disk that it stays; each disk is named in the launch, so none does."""
    lab = fresh()
    row = image_row(lab)
    row.data["disks"] = [{"device": "/dev/sdb", "snapshot": row.data["snapshot"], "size": 100, "deletes": False}]
    lab, driver = await bank(lab, devices="/dev/xvda /dev/sdb")
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    assert [(one["Size"], one["Encrypted"]) for one in volumes(lab)] == [(30, True), (100, True)]
    assert (await driver.step(own("acp"), "lower", 0)).left == "done"
    await trio.sleep(120)
    assert volumes(lab) == []


async def test_a21_a_storage_quota_that_is_met_after_the_launch_is_named(autojump_clock):
    """A21: accepted, then terminated; the reason names the quota, and nothing is left."""
    lab, driver = await bank()
    lab.world.quotas["storage"] = 29
    ended = await driver.step(own("acp"), "raise", 2)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "permanent", "Client.VolumeLimitExceeded")
    assert "storage quota" in ended.reason
    await driver.step(own("acp"), "lower", 0)
    await trio.sleep(60)
    assert volumes(lab) == []
    assert "machine" not in lab.there()


async def test_a55_no_default_of_the_metadata_service_takes_part(autojump_clock):
    """A55: all four options are in every launch."""
    lab, driver = await bank()
    assert (await driver.step(own("acp"), "raise", 2)).left == "done"
    (asked,) = launches(lab)
    assert asked["MetadataOptions"] == {
        "HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "disabled",
    }  # fmt: skip


async def test_accounts_that_share_an_image_do_not_share_their_shares(autojump_clock):
    """What one account gives back the other keeps."""
    lab = fresh()
    one, other = members(lab)
    row = image_row(lab)
    row.data["shared_with"] = [other]
    lab, driver = await bank(lab)
    assert row.data["shared_with"] == [other, one]
    for key in SHARES:
        await driver.step(key, "lower", 0)
    assert row.data["shared_with"] == [other]
