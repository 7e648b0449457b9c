"""The store is judged by the accounts in Customers: claimed by an install and unknown to it means that it is not theirs."""

import pytest

from sandboxd.actors.trust import Gate, Trust
from sandboxd.engine.organization import Member, Organization
from sandboxd.model.errors import Unavailable
from sandboxd.model.ports import AwsError, Batch, Scope
from sandboxd.store import open_in_memory


@pytest.fixture
def store(tmp_path):
    with open_in_memory(tmp_path / "s.db") as made:
        made.commit([Batch(actor="1", snapshots={"account": b"known"})])
        yield made


def organization(*accounts: tuple[str, str, str]) -> Organization:
    """Accounts by id, OU and the install that their tags name."""
    members = [
        Member(one, one, "", "ACTIVE", ou, {"sandboxd:install": install} if install else {})
        for one, ou, install in accounts
    ]
    return Organization("r", {}, tuple(members))


@pytest.mark.parametrize(
    "accounts",
    [
        (),
        (("7", "pool", ""), ("8", "pool", "x")),
        (("1", "customers", "x"),),
        (("9", "customers", ""),),
        (("9", "expired", "x"), ("8", "quarantine", "x")),
    ],
    ids=["fresh", "pool", "known", "nobody's", "gone"],
)
def test_a_store_that_knows_what_is_claimed_is_trusted(store, accounts):
    """A fresh organization too; what no install ever claimed is not ours to worry about."""
    trust = Trust(store)
    assert not trust.is_judged
    trust.judge(organization(*accounts))
    assert trust.given.is_set()
    trust.demand()


@pytest.mark.parametrize(("install", "says"), [("x", "another store"), ("", "older than that")])
def test_a_claimed_account_that_it_does_not_know_is_a_lost_store(store, install, says):
    """Of another install, or of this one: then the store is older than its organization."""
    trust = Trust(store)
    trust.judge(organization(("1", "customers", "x"), ("9", "customers", install or store.install_id)))
    assert not trust.given.is_set()
    with pytest.raises(Unavailable, match=f"1 of the accounts in Customers \\(9\\).*{says}") as caught:
        trust.demand()
    assert (caught.value.code, caught.value.status) == ("store_lost", 503)
    trust.judge(organization())
    assert not trust.given.is_set(), "a second look does not change the verdict"


def test_what_a_person_has_accepted_is_left_alone_for_ever_and_nothing_else(store):
    """The next start knows it without being told again; a further stranger is one."""
    Trust(store, accept=True).judge(organization(("9", "customers", "x")))
    trust = Trust(store)
    assert {"1", "9"} <= set(trust.known())
    trust.judge(organization(("9", "customers", "x")))
    assert trust.given.is_set()
    trust = Trust(store)
    trust.judge(organization(("9", "customers", "x"), ("10", "customers", "x")))
    assert trust.lost is not None


async def test_the_gate_lets_reads_through_and_changes_only_with_trust(store):
    """Before the verdict, and after a bad one, a change is refused before it is sent."""
    sent = []

    async def call(scope, service, operation, parameters):
        sent.append(operation)

    trust = Trust(store)
    gate = Gate(call, trust)
    scope = Scope("1", "r")
    await gate(scope, "ec2", "DescribeVpcs", {})
    for _ in range(2):
        with pytest.raises(AwsError) as caught:
            await gate(scope, "ec2", "CreateVpc", {})
        assert caught.value.outcome == "refused"
        trust.judge(organization(("9", "customers", "x")))
    trust = Trust(store)
    trust.judge(organization())
    await Gate(call, trust)(scope, "ec2", "CreateVpc", {})
    assert sent == ["DescribeVpcs", "CreateVpc"]


def test_an_unusable_store_is_never_trusted(store):
    """Whatever the organization looks like."""
    trust = Trust(store, lost="the store is damaged")
    trust.judge(organization())
    assert not trust.given.is_set()
    with pytest.raises(Unavailable, match="the store is damaged"):
        trust.demand()
