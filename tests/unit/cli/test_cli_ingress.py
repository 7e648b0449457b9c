"""`account ingress A`: a line for each machine and each route, and a word where there is none."""

import json
from argparse import Namespace

import pytest

from sandboxd.cli.commands import show
from sandboxd.wire import things

MACHINE = things.IngressMachine(
    region="eu-central-1",
    id="i-2",
    address="10.0.0.5",
    wanted="42-b",
    runs="41-a",
    reason="i-2 still runs \x1b[31mversion 41-a",
)
ROUTE = things.IngressRoute(
    region="eu-central-1",
    sandbox="acme/bank",
    route="web",
    layer="http",
    at="web-bank.acme.example",
    target="10.0.1.7:8443",
)


@pytest.fixture
def say(monkeypatch, capsys):
    """Run the command against an answer; what was printed."""

    def run(answer: things.Ingress, form: str) -> tuple[str, str]:
        class Connection:
            def call(self, op):
                assert (op.method, op.path) == ("GET", "/v1/accounts/acme%2F1/ingress")
                return answer

        monkeypatch.setattr(show, "connection_of", lambda _: Connection())
        assert show.ingress(Namespace(ref="acme/1", output=form)) == 0
        out = capsys.readouterr()
        return out.out, out.err

    return run


def test_a_table_shows_both_versions_and_every_route(say):
    """Text from machines cannot steer the terminal."""
    out, err = say(things.Ingress(id="111111111111", machines=[MACHINE], routes=[ROUTE]), "table")
    assert err == "" and "\x1b" not in out
    assert "MACHINES\nREGION" in out and "ROUTES\nREGION" in out
    machine = next(line for line in out.splitlines() if "i-2" in line)
    assert machine.split()[:6] == ["eu-central-1", "i-2", "10.0.0.5", "42-b", "41-a", "behind"]
    assert "web-bank.acme.example  10.0.1.7:8443  wanted" in out


def test_json_is_the_answer(say):
    """For scripts."""
    out, _ = say(things.Ingress(id="111111111111", machines=[MACHINE]), "json")
    assert json.loads(out)["machines"][0]["runs"] == "41-a"


def test_without_ingress_it_says_why(say):
    """On stderr, so that stdout stays data."""
    out, err = say(things.Ingress(id="111111111111"), "table")
    assert "111111111111" in out and "while a sandbox that needs it is started" in err
