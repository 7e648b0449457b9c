"""The directory finds things by id and by name, and suggests what was meant."""

import pytest

from sandboxd.actors.directory import Directory
from sandboxd.model.errors import NotFound
from sandboxd.wire import things


def sandbox(identifier: str, name: str, state: str = "started") -> things.Sandbox:
    return things.Sandbox(
        id=identifier,
        name=name,
        tenant="acme",
        account_id="1",
        region="r",
        profile="p",
        state=state,
        state_since="",
        created_at="",
    )


def test_the_newest_of_a_name_answers():
    """A deleted sandbox answers to its name until a newer one does."""
    directory = Directory()
    directory.put_sandbox(sandbox("sbx_1", "bank", "deleted"))
    assert directory.sandbox("acme/bank").state == "deleted"
    directory.put_sandbox(sandbox("sbx_2", "bank"))
    directory.put_sandbox(sandbox("sbx_1", "bank", "deleted"))
    assert directory.sandbox("acme/bank").id == "sbx_2"
    assert directory.sandbox("sbx_1").id == "sbx_1"


def test_a_name_is_that_of_the_one_that_lives():
    """Also where a clock that was set back gave it the smaller id, and in whichever order they are read after a restart."""
    for order in ((0, 1), (1, 0)):
        directory, both = Directory(), (sandbox("sbx_9", "bank", "deleted"), sandbox("sbx_3", "bank"))
        for number in order:
            directory.put_sandbox(both[number])
        assert directory.sandbox("acme/bank").id == "sbx_3"


def test_a_near_miss_is_suggested():
    """Somebody who mistypes is told the name."""
    directory = Directory()
    directory.put_sandbox(sandbox("sbx_1", "bank"))
    with pytest.raises(NotFound) as caught:
        directory.sandbox("acme/bnak")
    assert "acme/bank" in caught.value.hint
    assert caught.value.code == "sandbox_not_found"
