"""The price list knows whatever a packaged profile has billed by the hour, with its date and source."""

import pytest

from sandboxd.aws import prices
from sandboxd.aws.kinds import specs
from sandboxd.profile import available, check_parameters, expand, images_of, load


@pytest.mark.parametrize("name", available([]))
def test_everything_of_a_profile_has_a_price(name):
    """Every price key of every state; a kind that is billed says so."""
    profile, listed = load(name), prices.load()
    asked = {key: True for key, one in profile.parameters.items() if one.type == "boolean"}
    blueprint = expand(
        profile, check_parameters(profile, asked), kinds=specs(), region="r", zone="z1", zones=("z1", "z2"), slot=0,
        sandbox_id="sbx_1", sandbox_name="s", stage="dev", images=dict.fromkeys(images_of(profile), "ami-1"), ports={"amq": 20000},
    )  # fmt: skip
    billed = [price for node in blueprint.nodes for price in node.prices.values()]
    assert billed
    assert all(listed.per_hour[price] > 0 for price in billed)
    assert listed.source
    assert listed.date.year >= 2026
