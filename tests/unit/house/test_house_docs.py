"""The docs are as the code says: every command, route, setting, error code and event is in them."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from sandboxd.api.routes import ROUTES
from sandboxd.cli.table import COMMANDS

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text("utf-8")


def test_pages_are_as_the_code_says(generate):
    """`python docs/generate.py` was run."""
    assert generate.stale() == []


def test_links_lead_somewhere(generate):
    """Pages and pictures."""
    assert generate.broken_links() == []


def test_every_command_and_route_is_there():
    """Read back from the pages."""
    commands, api = page("commands"), page("api")
    assert [c for c in COMMANDS if f"`sandboxd {c.noun} {c.verb}".rstrip() + "`" not in commands] == []
    assert [r.path for r in ROUTES if f"| {r.method} | `{r.path}` |" not in api] == []


def test_every_setting_has_a_meaning():
    """No row without a sentence."""
    rows = re.findall(r"^\| `[^|]*\| [^|]*\|[^|]*\| *(.*?) *\|$", page("settings"), re.MULTILINE)
    assert len(rows) > 15
    assert all(rows)


def test_codes_are_read_from_every_form(tmp_path, generate):
    """Literals, formatted ones, a status of its own, a class of its own; what is no code is left alone."""
    (tmp_path / "m.py").write_text(
        "raise Conflict('one', f'{x} is there', 'Wait.')\n"
        "raise NotFound(f'{what}_not_found', 'No.')\n"
        "raise BadRequest('two', 'Bad.', status=400)\n"
        "raise BadRequest('three', 'Bad.', '', '/x', 400)\n"
        "raise Refusal(code, 'x')\n"
        "class Mine(Refusal):\n    status = 405\n    def __init__(self): super().__init__('four', 'Mine.')\n"
    )
    found = {one.code: (one.status, one.detail, one.hint) for one in generate.read_code.codes(tmp_path)}
    assert found == {
        "one": (409, "… is there", "Wait."),
        "…_not_found": (404, "No.", ""),
        "two": (400, "Bad.", ""),
        "three": (400, "Bad.", ""),
        "four": (405, "Mine.", ""),
    }


def test_every_event_that_is_told_is_documented(tmp_path, generate):
    """Literals as they are; a prefix with its states, and no prefix without."""
    types = generate.event_types()
    assert len(types) == len(set(types)) > 25
    assert [one for one in types if one.endswith(".")] == []
    (tmp_path / "m.py").write_text("turn.say('a.b', 'text')\nturn.say(f'c.{x}', 'text')\nself.say('no type')\n")
    assert generate.read_code.told(tmp_path) == ["a.b", "c.…"]


def test_the_page_on_known_faults_names_tests_that_are_there():
    """Each case has one at least, and none that was renamed."""
    page = (ROOT / "docs" / "cases.md").read_text()
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    rows = [line for line in page.splitlines() if line.startswith("| A")]
    assert len(rows) == 30
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert [name for name in named if f"def {name}(" not in tests] == []
