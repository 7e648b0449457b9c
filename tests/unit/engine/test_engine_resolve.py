"""Images and zones that a create looks up: the newest, from whom, and clear refusals."""

import pytest
from enginelab import REGION, Lab, Ssm

from sandboxd.engine.regions import check_region
from sandboxd.engine.resolve import resolve_images, zones
from sandboxd.model.errors import BadRequest, NotFound
from sandboxd.model.ports import Scope
from sandboxd.simulator.appstream.images import furnish_image

MANAGEMENT = "111122223333"


def scope(lab):
    return Scope(lab.account, REGION)


async def names(lab, *images):
    rows = {row.id: row.data["name"] for row in lab.world.rows.all() if row.kind == "image"}
    return [rows[image.split(" ")[0]] for image in images]


async def test_the_newest_of_a_pattern_that_the_tenant_may_launch(autojump_clock):
    """Management images by pattern, public ones by owner and by SSM parameter, each with its root device."""
    lab = Lab()
    references = {
        "core": {"management": "avaloq-core-*"},
        "amazon": {"owner": "amazon", "name": "al2023-*"},
        "ssm": Ssm(),
    }
    found = await resolve_images(lab.call, MANAGEMENT, scope(lab), references)
    core, amazon, ssm = await names(lab, *found.values())
    assert core == "avaloq-core-2026.10"
    assert amazon == ssm
    assert all(" /dev/" in image for image in found.values())


async def test_the_newest_image_of_appstream_by_its_arn(autojump_clock):
    """From the account that owns it: the tenant does not see it before it is shared."""
    lab = Lab()
    at = lab.clock.now()
    furnish_image(lab.world, REGION, MANAGEMENT, "avaloq-desktop-2026.04", "older", at - 1e8)
    found = await resolve_images(lab.call, MANAGEMENT, scope(lab), {"desktop": {"desktop": "avaloq-desktop-*"}})
    assert found == {"desktop": f"arn:aws:appstream:{REGION}:{MANAGEMENT}:image/avaloq-desktop-2026.10"}


@pytest.mark.parametrize(
    "reference",
    [
        {"desktop": "no-such-*"},
        {"management": "no-such-*"},
        {"owner": "amazon", "name": "no-such"},
        {"ssm": "/aws/service/no/such"},
    ],
)
async def test_a_reference_that_leads_nowhere_is_refused(autojump_clock, reference):
    """With what was looked for, and what to do."""
    lab = Lab()
    with pytest.raises(NotFound) as caught:
        await resolve_images(lab.call, MANAGEMENT, scope(lab), {"x": reference})
    assert caught.value.code == "image_not_found"
    assert "such" in caught.value.detail
    assert caught.value.hint


async def test_types_that_no_zone_offers_together_are_refused(autojump_clock):
    """Naming them."""
    lab = Lab()
    with pytest.raises(BadRequest) as caught:
        await zones(lab.call, scope(lab), ["t3.micro", "u-24tb1.metal"])
    assert caught.value.code == "zone_not_found"
    assert "u-24tb1.metal" in caught.value.detail


async def test_a_region_that_the_account_has_not_opted_in_to_is_refused(autojump_clock):
    """With how to opt in; what every account has is not asked about."""
    lab = Lab()
    lab.world.regions = (*lab.world.regions, "eu-south-1")
    there = Scope(lab.account, "eu-south-1")
    with pytest.raises(BadRequest, match="eu-south-1") as caught:
        await check_region(lab.call, there, prepared=False)
    assert caught.value.code == "region_not_enabled"
    assert "enable-region" in caught.value.hint
    with pytest.raises(BadRequest, match="not opted in") as caught:
        await check_region(lab.call, there, prepared=True)
    assert "create it then" in caught.value.hint
    lab.world.opt_in[f"{lab.account} eu-south-1"] = lab.clock.now()
    await check_region(lab.call, there, prepared=False)
    before = len(lab.calls)
    await check_region(lab.call, scope(lab), prepared=False)
    assert len(lab.calls) == before
