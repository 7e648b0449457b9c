"""A program that is missing skips a test, and fails it in CI."""

import pytest
from needs import need


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
