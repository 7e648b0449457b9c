"""A whole model bank on the command line: resources by group, parts of a plan with their reason."""

import json
from argparse import Namespace

from msgspec import structs

from sandboxd.cli.commands import plan as command
from sandboxd.cli.output import print_thing
from sandboxd.wire import things


def resource(kind, name, region="eu-central-1"):
    return things.Resource(kind=kind, name=name, id=f"id-of-{name}", region=region, state="present")


ACCOUNT = things.Account(
    id="111111111111", name="a", email="a@example.com", ou="customers", state="assigned", since="2026-11-25T12:00:00.000Z",
    resources=[
        resource("load-balancer", "alb"), resource("subnet", "public-a"), resource("machine", "envoy-a"),
        resource("new-kind", "x\x1b[31m"), resource("vpc", "vpc"), resource("subnet", "public-b"),
    ],
)  # fmt: skip


def test_resources_stand_in_groups(capsys):
    """In the order in which a sandbox comes to life, those of a kind together, what is new last; nothing steers the terminal."""
    print_thing(ACCOUNT, "account", "table")
    out = capsys.readouterr().out
    rows = [line for line in out.partition("RESOURCES\n")[2].splitlines()[1:] if line]
    assert [line[:15].strip() for line in rows] == ["Network", "", "", "Envoys", "Load balancers", "Other"]
    assert [line.split()[-1] for line in rows] == [
        "id-of-vpc", "id-of-public-a", "id-of-public-b", "id-of-envoy-a", "id-of-alb", r"id-of-x\x1b[31m",
    ]  # fmt: skip
    assert "REGION" not in out and "\x1b" not in out


def test_the_region_is_said_where_there_are_two(capsys):
    """Else it stands above already."""
    two = structs.replace(ACCOUNT, resources=[resource("vpc", "vpc"), resource("vpc", "vpc", "eu-west-1")])
    print_thing(two, "account", "table")
    out = capsys.readouterr().out
    assert "REGION" in out and "eu-west-1" in out


def test_programs_get_resources_as_they_are(capsys):
    """Order and names are those of the API."""
    print_thing(ACCOUNT, "account", "json")
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["resources"]][:2] == ["alb", "public-a"]


def test_a_plan_says_of_every_part_why_it_is_there_or_not(monkeypatch, capsys):
    """Also those that another value of a parameter would bring."""
    parts = [
        things.PlanComponent(name="two Envoys", there=True, because="for route api"),
        things.PlanComponent(name="network load balancer", there=False, because="`amq` is \x1bfalse"),
    ]
    plan = things.Plan(verb="create", target="acme/bank", components=parts)

    class Connection:
        def call(self, _op):
            return plan

    monkeypatch.setattr(command, "connection_of", lambda _: Connection())
    asked = Namespace(name="bank", tenant="acme", profile="model-bank", set=[], region=None, ttl=None, output=None)
    assert command.create(asked) == 0
    out = capsys.readouterr().out
    assert "yes    two Envoys             for route api\n" in out
    assert "no     network load balancer  `amq` is \\x1bfalse\n" in out
