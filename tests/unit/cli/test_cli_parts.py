"""The command table, forms of output, words, and how fast a start is not to import too much."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from msgspec import structs
from needs import need

from sandboxd.cli.commands import about
from sandboxd.cli.completion import script
from sandboxd.cli.live import Live
from sandboxd.cli.output import cell, print_list, print_thing, yaml
from sandboxd.cli.parser import build
from sandboxd.cli.table import COMMANDS
from sandboxd.cli.waiting import code_of, with_refused
from sandboxd.cli.words import parameters, profile_ref, seconds
from sandboxd.model.errors import BadRequest, Conflict, NotFound
from sandboxd.wire import things
from tui import scripted

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


def test_every_command_parses_where_its_noun_is_among_the_words(capsys):
    """Parsers of other nouns are not filled, which must not be seen."""
    for command in COMMANDS:
        words = [one for one in (command.noun, command.verb) if one]
        with pytest.raises(SystemExit) as caught:
            build(words).parse_args([*words, "--help"])
        assert caught.value.code == 0
        said = capsys.readouterr().out
        assert all(
            max(one.names, key=len) in said or one.options.get("metavar", "") in said for one in command.arguments
        )


def test_a_mistyped_command_is_suggested(capsys):
    """Exit 2 and what was meant."""
    with pytest.raises(SystemExit) as caught:
        build(["sandbox"]).parse_args(["sandbox", "crate"])
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
    """Every noun, verb and option is in it."""
    text = script(shell)
    for command in COMMANDS:
        options = [max(one.names, key=len) for one in command.arguments if one.names[0].startswith("-")]
        assert all(word.lstrip("-") in text for word in (command.noun, command.verb, *options))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sandboxd sand", "sandbox"), ("sandboxd op ca", "cancel"), ("sandboxd sandbox create --ten", "--tenant"),
        ("sandboxd events --fo", "--follow"), ("sandboxd completion b", "bash"), ("sandboxd profile check /dev/nul", "/dev/null"),
    ],
)  # fmt: skip
def test_bash_offers_what_fits(typed, offered):
    """The script runs in the shell itself."""
    shell = need("bash")
    words = typed.split()
    code = f"{script('bash')}\nCOMP_WORDS=({typed})\nCOMP_CWORD={len(words) - 1}\n_sandboxd\necho ${{COMPREPLY[@]}}"
    done = subprocess.run([shell, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (offered, "")


def test_a_moving_line_is_taken_away_before_a_line_that_stays(capsys):
    """On a terminal only."""
    for moves, said in ((True, "\r\x1b[2Kworking\r\x1b[2Kdone\n"), (False, "done\n")):
        live = Live(moves=moves)
        live.status("working")
        live.line("done")
        live.clear()
        assert capsys.readouterr().err == said


def test_a_profile_is_a_name_or_a_file_of_this_folder():
    """The daemon has another working directory."""
    assert profile_ref("trial") == "trial"
    assert profile_ref("./mine.toml") == str(Path("mine.toml").absolute())


def test_how_several_ended_is_one_code():
    """Partly failed is a code of its own, still running another."""

    def ended(*states: str) -> list[things.Operation]:
        return [
            things.Operation(
                id="op", kind="stop", target="t", tenant="a", state=state, requested_by="x", requested_at=""
            )
            for state in states
        ]

    refused = [NotFound("x", "x"), Conflict("y", "y")]
    assert [
        code_of(ended(*states))
        for states in (["succeeded"], ["failed"], ["succeeded", "failed"], ["running", "failed"])
    ] == [0, 1, 8, 7]
    assert [
        with_refused(0, ended("succeeded"), refused),
        with_refused(0, [], refused),
        with_refused(0, [], refused[:1]),
    ] == [8, 1, 5]
    assert with_refused(130, ended("running"), refused) == 130


class Answering:
    """A connection that knows one snapshot."""

    def __init__(self, healths):
        bank = scripted.snapshot().sandboxes[0]
        found = [structs.replace(bank, name=f"bank-{n}", state="started", health=one) for n, one in enumerate(healths)]
        self.snapshot = structs.replace(scripted.snapshot(), sandboxes=found)

    def call(self, _):
        return self.snapshot


def test_the_doctor_names_sandboxes_that_wait_for_a_person():
    """Five of them, and how many there are."""
    assert about._sandboxes(Answering(["ok", "settling"])).startswith("2, none")
    with pytest.raises(BadRequest) as caught:
        about._sandboxes(Answering(["ok", *["degraded"] * 7]))
    assert "7 wait for a person" in caught.value.detail
    assert "/bank-1 (started)" in caught.value.detail
    assert caught.value.detail.endswith("and 2 more")
    assert "sandboxd why" in caught.value.hint
