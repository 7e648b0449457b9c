"""The command table, forms of output, words, and how fast a start is not to import too much."""

import json
import subprocess
import sys
from importlib import import_module

import pytest

from sandboxd.cli.completion import script
from sandboxd.cli.output import cell, print_list, print_thing, yaml
from sandboxd.cli.parser import build
from sandboxd.cli.table import COMMANDS
from sandboxd.cli.words import parameters, seconds
from sandboxd.model.errors import BadRequest
from sandboxd.wire import things

HEAVY = ("trio", "aiobotocore", "httpx2", "textual", "botocore", "asyncio", "h11", "apsw")


@pytest.mark.parametrize("words", [["--help"], ["sandbox", "--help"], ["sandbox", "list"], ["profile", "schema"]])
def test_commands_start_without_heavy_imports(words):
    """`--help` and `list` must be quick."""
    code = f"import sys; sys.argv = ['sandboxd', *{words!r}]\ntry:\n import sandboxd.__main__ as m; m.main()\nexcept SystemExit: pass\nprint('HEAVY', [n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"SANDBOXD_SOCKET": "/nonexistent"},
        check=True,
    )
    assert done.stdout.strip().endswith("HEAVY []"), done.stdout[-300:]


def test_every_command_has_a_function():
    """The table's functions exist."""
    for command in COMMANDS:
        module, _, name = command.run.partition(":")
        assert callable(getattr(import_module(f"sandboxd.cli.{module}"), name)), command


def test_a_mistyped_command_is_suggested(capsys):
    """Exit 2 and what was meant."""
    with pytest.raises(SystemExit) as caught:
        build().parse_args(["sandbox", "crate"])
    assert caught.value.code == 2
    assert "did you mean 'create'" in capsys.readouterr().err


def sandbox(name: str = "bank") -> things.Sandbox:
    return things.Sandbox(
        id="sbx_1",
        name=name,
        tenant="acme",
        account_id="1",
        region="r",
        profile="p",
        state="started",
        state_since="",
        created_at="",
    )


def test_json_is_one_value_and_a_table_is_clean(capsys):
    """B46 and B47: hostile names steer no terminal."""
    hostile = sandbox("x\x1b]52;c;eA==\x07\x9b2J")
    print_list([hostile], "sandbox", "json")
    assert json.loads(capsys.readouterr().out)[0]["id"] == "sbx_1"
    for form in ("table", "wide", "name"):
        print_list([hostile], "sandbox", form)
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\x9b" not in out
    print_list([], "sandbox", "json")
    assert json.loads(capsys.readouterr().out) == []
    print_thing(sandbox(), "sandbox", "name")
    assert capsys.readouterr().out == "acme/bank\n"


def test_yaml_is_what_was_given():
    """Nested, empty, and text that YAML would take for something else."""
    assert yaml({"a": {"b": [1, "no"]}, "c": [], "d": None}) == 'a:\n  b:\n    - 1\n    - "no"\nc: []\nd: null'


def test_words():
    """Durations and parameters."""
    assert seconds("1d12h") == 129600
    assert parameters(["amq=true", "n=5", "s=x=y"]) == {"amq": True, "n": 5, "s": "x=y"}
    for wrong in ("8", "h", "8 hours"):
        with pytest.raises(BadRequest):
            seconds(wrong)
    with pytest.raises(BadRequest):
        parameters(["amq"])
    assert cell({"per_hour": 1.5, "currency": "USD"}) == "1.500 USD/h"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_table(shell):
    """Every noun is in it."""
    text = script(shell)
    assert all(command.noun in text for command in COMMANDS)
