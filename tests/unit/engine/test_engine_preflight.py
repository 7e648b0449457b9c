"""What a create needs of the image account, looked up before anything is made: each thing that is missing is named."""

import pytest
from enginelab import REGION, Ssm
from sharelab import fresh, image_row, key_of

from sandboxd.engine.preflight import look_up
from sandboxd.engine.resolve import resolve_images
from sandboxd.model.errors import BadRequest, NotFound
from sandboxd.model.ports import AwsError, Scope
from sandboxd.simulator import ecr
from sandboxd.simulator.furnish import MANAGEMENT


async def resolved(lab, reference):
    """An image as a create resolves it."""
    scope = Scope(lab.account, REGION)
    return (await resolve_images(lab.call, MANAGEMENT, scope, {"x": reference}))["x"]


async def test_an_image_that_is_not_shared_yet_is_found_with_its_key(autojump_clock):
    """Its owner sees it; a sandbox shares it later."""
    lab = fresh()
    image = await resolved(lab, {"management": "avaloq-core-*"})
    assert image == f"{image_row(lab).id} /dev/xvda"
    given = await look_up(lab.call, MANAGEMENT, REGION, [image], [])
    assert given.keys == {image_row(lab).id: (key_of(lab),)}
    assert given.repositories == ()
    assert lab.mutations == []


async def test_all_disks_of_an_image_are_resolved_the_root_first(autojump_clock):
    """A35: what the image says of each is not left to the image."""
    lab = fresh()
    row = image_row(lab)
    row.data["disks"] = [{"device": "/dev/sdb", "snapshot": row.data["snapshot"], "size": 100, "deletes": False}]
    assert (await resolved(lab, {"management": "avaloq-core-*"})).split(" ") == [row.id, "/dev/xvda", "/dev/sdb"]


async def test_images_of_others_need_nothing(autojump_clock):
    """A public one."""
    lab = fresh()
    given = await look_up(lab.call, MANAGEMENT, REGION, [await resolved(lab, Ssm())], [])
    assert given.keys == {}


async def test_an_image_account_where_the_daemon_cannot_act(autojump_clock):
    """Then whoever can has shared what the tenant sees."""

    async def call(scope, service, operation, parameters):
        raise AwsError("refused", "WrongAccount", "not there")

    assert (await look_up(call, MANAGEMENT, REGION, ["ami-1 /dev/xvda"], [])).keys == {}


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"manager": "AWS"}, "image_not_shareable", "a key of AWS's own"),
        ({"state": "Disabled"}, "image_key_unusable", "is Disabled"),
        ({"state": "PendingDeletion"}, "image_key_unusable", "is PendingDeletion"),
    ],
)
async def test_a_key_that_cannot_be_granted_is_refused_before_anything_is_made(autojump_clock, change, code, says):
    """A42: an image under a key of AWS's own cannot be shared; a key that is not enabled makes no machine."""
    lab = fresh()
    lab.world.rows.find(key_of(lab).rpartition("/")[2]).data |= change
    with pytest.raises(BadRequest) as caught:
        await look_up(lab.call, MANAGEMENT, REGION, [image_row(lab).id], [])
    assert caught.value.code == code
    assert says in caught.value.detail
    assert "avaloq-core-2026.10" in caught.value.detail
    assert caught.value.hint


async def test_repositories_by_pattern(autojump_clock):
    """Each once, whatever patterns overlap; more than a page of them."""
    lab = fresh()
    for n in range(130):
        ecr.make(lab.world, MANAGEMENT, REGION, f"other/name-{n}", 0)
    given = await look_up(
        lab.call, MANAGEMENT, REGION, [], ["constellations/web-*", "constellations/*", "other/name-129"]
    )
    assert given.repositories == (
        "constellations/web-banking", "constellations/activemq", "constellations/banking-apis",
        "constellations/integration-server", "other/name-129",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [("constellation/web-banking", "Did you mean 'constellations/web-banking'?"), ("x/*", "profile")],
)
async def test_a_repository_that_is_not_there_is_refused(autojump_clock, pattern, hint):
    """With its name, and the one that was meant."""
    lab = fresh()
    with pytest.raises(NotFound) as caught:
        await look_up(lab.call, MANAGEMENT, REGION, [], [pattern])
    assert caught.value.code == "repository_not_found"
    assert pattern in caught.value.detail
    assert hint in caught.value.hint
