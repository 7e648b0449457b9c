"""Images in an account of their own: a role is assumed there, and everything that a bank needs is shared from it."""

import json

import pytest
from harness import world

IMAGES = "444455556666"
ROLE = "SANDBOXD_AWS__IMAGE_ROLE"


@pytest.fixture
def apart():
    with world(pace=1000, simulator=("--images-apart",)) as w:
        yield w


def test_a_bank_lives_on_images_of_another_account(apart):
    """Image, key and repositories are given by that account, and taken back."""
    w = apart
    w.serve()
    w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
    w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank", "--set", "smart_client=true")
    assert w.json("sandbox", "show", "acme/bank")["state"] == "started"
    made = w.ask_simulator("calls")["operations"]
    shares = (
        "ec2:ModifyImageAttribute",
        "kms:CreateGrant",
        "ecr:SetRepositoryPolicy",
        "appstream:UpdateImagePermissions",
    )
    assert all(made.get(one) for one in shares), made
    w.cli("sandbox", "delete", "acme/bank", "--confirm", "bank")
    assert w.inventory() == []
    gone = w.ask_simulator("calls")["operations"]
    assert gone["kms:RevokeGrant"] == gone["kms:CreateGrant"]


def test_without_a_role_it_says_which_one_is_missing(apart):
    """Nothing is made."""
    w = apart
    w.env.pop(ROLE)
    w.serve()
    w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
    asked = ("sandbox", "create", "bank", "--tenant", "acme", "--profile", "model-bank", "-o", "json")
    refused = w.cli(*asked, check=False)
    problem = json.loads(refused.stdout)
    assert (refused.returncode, problem["code"]) == (5, "image_not_found"), refused
    assert IMAGES in problem["hint"]
    assert "aws.image_role" in problem["hint"]
    assert w.inventory() == []


def test_a_role_without_its_account_ends_the_start(apart):
    """Said in one sentence, before anything is opened."""
    w = apart
    w.env.pop("SANDBOXD_AWS__IMAGE_ACCOUNT")
    with pytest.raises(AssertionError, match=r"aws\.image_account is not set: say whose role it is") as caught:
        w.serve()
    assert "ended with 78" in str(caught.value)
    assert "Traceback" not in str(caught.value)
