"""What people are told of a profile's parts; the mission's words, and where they are in the profile of a whole bank."""

import tomllib

import pytest

from sandboxd.profile import check_parameters, load, packaged
from sandboxd.profile.components import components

WORDS = {"ACP", "ACPR, OCP", "constellation", "Envoy", "AMQ", "Smart Client", "integration server"}


def by_name(profile="model-bank", **asked):
    found = load(profile)
    return {one.name: one for one in components(found, check_parameters(found, asked))}


@pytest.mark.parametrize(
    ("part", "parameter"),
    [
        ("network load balancer", "amq"), ("route amq (tcp)", "amq"), ("constellation activemq", "amq"),
        ("Smart Client fleet", "smart_client"), ("constellation integration-server", "smart_client"),
    ],
)  # fmt: skip
def test_a_conditional_part_says_why_it_is_there_or_not(part, parameter):
    """Its parameter decides, and is named with its value."""
    off, on = by_name()[part], by_name(**{parameter: True})[part]
    assert (off.there, on.there) == (False, True)
    assert f"`{parameter}` is false" in off.because
    assert part == "network load balancer" or f"`{parameter}` is true" in on.because


def test_what_is_always_there_says_what_for():
    """Envoys and the balancer of HTTP are there for routes; a profile without routes has none of them."""
    bank, trial = by_name(), by_name("trial")
    assert bank["two Envoys"].because == "for route api and route web"
    assert bank["load balancer and firewall of HTTP"].there
    assert not trial["two Envoys"].there
    assert trial["network load balancer"].because == "the profile has no route that needs it"


def test_the_words_of_the_mission_lead_into_the_profile():
    """Each line of the comment names a place that is there."""
    text = (packaged() / "model-bank.toml").read_text("utf-8")
    data = tomllib.loads(text)
    lines = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    found = {line[:21].strip(): line[21:].split()[0] for line in lines}
    assert set(found) == WORDS
    for path in found.values():
        assert place(data, path), path


def place(data, path):
    """What stands at a dotted path; a list is searched by name."""
    for part in path.split("."):
        data = next((one for one in data if one["name"] == part), None) if isinstance(data, list) else data[part]
    return data
