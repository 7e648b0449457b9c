"""What a whole sandbox sends to AWS is what its profile means: read from the calls themselves."""

import base64
import re

import pytest
from constraints import broken
from enginelab import Lab
from houselab import living
from trio.testing import MockClock

from sandboxd.aws.kind import Ask
from sandboxd.simulator.calls import is_mutation
from sandboxd.simulator.guest import read

PYTHON = re.compile(r"^[\[({]('|\d)|None\b|<[\w.]+ object| at 0x")
"""texts that somebody made of a value instead of saying it"""
ELSEWHERE = {("subnet", "spare"), ("security-group-rule", "direction")}
"""kind and parameter that is read otherwise: by who makes a subnet anew elsewhere, and by the moves of a rule; names are for people"""


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


def texts(value):
    """Every text in parameters."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from texts(one)
        case list() | tuple():
            for one in value:
                yield from texts(one)


def sent(lab, operation):
    """Parameters of each call of an operation."""
    return [parameters for name, _, parameters in lab.calls if name == operation]


def scripts(lab, verb):
    """Words and text of each script of ours, without those that read."""
    every = ["\n".join(one["Parameters"]["commands"]) for one in sent(lab, "SendCommand")]
    return [(read(script)[1], script) for script in every if read(script)[0] == verb]


async def whole(lab, folder, *verbs):
    """A bank with everything is made, and what else is asked for; its machines, by name, as they were made."""
    async with living(lab, folder) as life:
        await life.onboard()
        done = await life.create(profile="model-bank", amq=True, smart_client=True)
        assert done.state == "succeeded"
        machines = {row.tags["Name"]: row for row in lab.world.rows.all() if row.kind == "machine"}
        for verb in verbs:
            assert (await life.command(verb, "acme/bank")).state == "succeeded"
        return machines


async def test_what_a_model_bank_sends(autojump_clock, tmp_path):
    """The wall has its rules, health is asked where Envoy answers, probes and installers know where to look."""
    lab = Lab(shared=False)
    machines = await whole(lab, tmp_path)
    (wall,) = sent(lab, "CreateWebACL")
    assert [rule["Name"] for rule in wall["Rules"]] == [
        "rate-limit", "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet",
    ]  # fmt: skip
    web, amq = sorted(sent(lab, "CreateTargetGroup"), key=lambda one: one["Port"])
    assert (web["HealthCheckProtocol"], web["HealthCheckPath"]) == ("HTTP", "/healthz")
    assert (amq["HealthCheckProtocol"], amq.get("HealthCheckPath")) == ("TCP", None)
    assert {words["target"] for words, _ in scripts(lab, "probe")} == {"localhost:1521", "https://localhost/health"}
    (banking,) = [script for words, script in scripts(lab, "install") if words["name"] == "banking-apis"]
    (database,) = re.findall(r'printf %s (\S+) \| base64 -d >"\$home/values/database"', banking)
    assert base64.b64decode(database).decode() == machines["bank-acp"].data["ip"]


async def test_no_parameter_is_a_value_of_python_in_words(autojump_clock, tmp_path):
    """A path of `{'path': '/healthz'}` was one for weeks: every service took it here, none would have there."""
    lab = Lab(shared=False)
    await whole(lab, tmp_path)
    mutations = [(name, parameters) for name, _, parameters in lab.calls if is_mutation(name)]
    assert len(mutations) > 100
    assert [(name, text) for name, parameters in mutations for text in texts(parameters) if PYTHON.search(text)] == []


async def test_every_call_is_within_what_the_models_of_botocore_say(autojump_clock, tmp_path):
    """Lengths, ranges, patterns and words: botocore sends what breaks them, and AWS refuses it."""
    lab, found, names = Lab(shared=False), set(), set()
    old = lab.call

    async def call(scope, service, operation, parameters):
        names.add(f"{service}.{operation}")
        found.update(broken(service, operation, parameters))
        return await old(scope, service, operation, parameters)

    lab.call = call
    await whole(lab, tmp_path, "stop", "start", "delete")
    assert len(names) > 100
    assert found == set()
    assert list(broken("ssm", "SendCommand", {"Comment": "x" * 101})) == [
        "ssm.SendCommand.Comment: 101 is more than 100"
    ]
    assert list(broken("elbv2", "CreateTargetGroup", {"Protocol": "AMQP"}))
    assert list(broken("wafv2", "CreateWebACL", {"Name": "a b"}))


async def test_no_parameter_of_a_node_is_read_by_nobody(autojump_clock, tmp_path, monkeypatch):
    """What a profile asks for and no call says is not there."""
    read_, had, old = set(), set(), Ask.parameter

    def parameter(self, name, default=None):
        read_.add((self.node.kind, name))
        had.update((self.node.kind, one) for one in self.node.parameters)
        return old(self, name, default)

    monkeypatch.setattr(Ask, "parameter", parameter)
    await whole(Lab(shared=False), tmp_path)
    assert len(had) > 30
    unread = had - read_ - ELSEWHERE
    assert sorted(one for one in unread if one[1] != "name") == []
