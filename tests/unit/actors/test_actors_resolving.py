"""What a create looks up before it is accepted, where the daemon may not look."""

import pytest

from sandboxd.actors import resolving
from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.errors import Unavailable
from sandboxd.model.ports import AwsError
from sandboxd.wire.requests import NewSandbox


@pytest.mark.parametrize(
    ("code", "refused", "hint"),
    [("WrongAccount", "account_closed", "aws.image_role"), ("Unreachable", "aws_unavailable", "doctor")],
)
async def test_an_account_that_is_closed_is_no_outage(monkeypatch, code, refused, hint):
    """Repositories and desktops of the image account are looked at with its role only; without one it says which setting is missing."""

    async def answered(*_):
        return {}

    async def images(*_):
        raise AwsError("refused", code, "no role of account 444455556666 is known")

    async def image_account():
        return "444455556666"

    monkeypatch.setattr(resolving, "resolve_images", images)
    resolver = resolving.Resolver(
        call=answered, kinds=specs(), regions=("eu-central-1",), stage="dev", image_account=image_account,
        profile_dirs=(), role="R",
    )  # fmt: skip
    state = State.empty("111122223333", settings=Settings())
    with pytest.raises(Unavailable, match="444455556666") as caught:
        await resolver.resolve(NewSandbox(name="bank", tenant="acme", profile="model-bank"), "111122223333", state)
    assert caught.value.code == refused
    assert hint in caught.value.hint
