"""What settings say of roles in other accounts, and what contradicts itself."""

import pytest

from sandboxd.daemon.organization import init
from sandboxd.daemon.settings import Aws, roles
from sandboxd.model.errors import BadRequest, ConfigurationError

ONE, OTHER = "111111111111", "222222222222"


def test_each_account_has_its_role():
    aws = Aws(management_account=ONE, management_role="org", image_account=OTHER, image_role="images")
    assert roles(aws) == {ONE: "org", OTHER: "images"}


def test_without_roles_there_are_none():
    assert roles(Aws(management_account=ONE, image_account=OTHER)) == {}


def test_one_account_may_have_one_role_for_both():
    aws = Aws(management_account=ONE, management_role="both", image_account=ONE, image_role="both")
    assert roles(aws) == {ONE: "both"}


@pytest.mark.parametrize(
    ("aws", "says"),
    [
        (Aws(image_role="images"), "aws.image_account is not set"),
        (Aws(management_role="org"), "aws.management_account is not set"),
        (Aws(management_account=ONE, management_role="a", image_account=ONE, image_role="b"), "name one"),
    ],
)
def test_what_contradicts_itself_is_said(aws, says):
    with pytest.raises(ConfigurationError, match=says):
        roles(aws)


def test_organization_init_says_what_is_wrong_with_settings(tmp_path, monkeypatch):
    """Before AWS is asked."""
    file = tmp_path / "sandboxd.toml"
    file.write_text("[aws]\nimage_role = 'images'\n")
    with pytest.raises(BadRequest, match=r"aws\.image_account is not set"):
        init(None, str(file))
    with pytest.raises(BadRequest, match=r"missing\.toml"):
        init(None, str(tmp_path / "missing.toml"))
    monkeypatch.setenv("SANDBOXD_AWS__IMAGE_ROLES", "x")
    with pytest.raises(BadRequest, match="SANDBOXD_AWS__IMAGE_ROLES"):
        init(None, None)
