"""The picture for the README is made by the program, always the same, and shows what it should."""

import asyncio

import pytest

from tui import picture


@pytest.mark.parametrize(
    ("scene", "words"), [("detail", ["acme/bank-2", "banking-apis", "waf-assoc"]), ("fleet", ["migration", "globex"])]
)
def test_the_picture(scene, words):
    """Twice the same bytes, nothing to fetch, no name of a run in it."""
    one, two = asyncio.run(picture.draw(scene)), asyncio.run(picture.draw(scene))
    assert one == two
    assert all(word in one for word in words)
    assert "font-face" not in one
    assert "cdn" not in one


def test_it_says_how_to_use_it(capsys):
    """Without a name there is nothing to write."""
    assert picture.main([]) == 2
    assert "OUT.svg" in capsys.readouterr().err


def test_it_writes_the_file(tmp_path):
    """Where it is told to."""
    assert picture.main([str(tmp_path / "p.svg")]) == 0
    assert (tmp_path / "p.svg").read_text(encoding="utf-8").startswith("<svg")
