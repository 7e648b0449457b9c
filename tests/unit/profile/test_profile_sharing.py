"""What a sandbox's part of the blueprint says of the image account: named by what is given, each once an account."""

import pytest

from sandboxd.aws.kinds import specs
from sandboxd.model.keys import is_shared
from sandboxd.profile import expand, images_of, load, load_file, packaged
from sandboxd.profile.draft import Draft
from sandboxd.profile.sharing import shares
from sandboxd.toml import TomlError

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234"
CORE, NODE, PUBLIC = "ami-core /dev/xvda", "ami-node /dev/xvda /dev/sdb", "ami-public /dev/xvda"


def draft():
    return Draft(kinds=specs(), region="eu-central-1", sandbox="sbx_1", names={"shared": "dev", "own": "bank"})


def test_an_image_needs_its_share_and_the_grant_of_its_key_once():
    """Two images under one key: one grant; an image of others needs nothing."""
    made = draft()
    keys = {"ami-core": (KEY,), "ami-node": (KEY,)}
    out = shares(made, [CORE, NODE, CORE, PUBLIC], keys, ["constellations/web"])
    assert [(node.kind, node.parameters) for node in made.nodes] == [
        ("image-share", {"image": "ami-core"}),
        ("key-grant", {"kms_key": KEY}),
        ("image-share", {"image": "ami-node"}),
        ("repository-share", {"repository": "constellations/web"}),
    ]
    assert all(is_shared(node.key) for node in made.nodes)
    assert [len(out[image]) for image in (CORE, NODE)] == [2, 2]
    assert out[CORE][1] == out[NODE][1]
    assert PUBLIC not in out
    assert len(out["repositories"]) == 1


def test_two_sandboxes_of_one_image_have_the_same_share_and_another_month_has_its_own():
    """Keys follow from what is given, not from who asks."""
    first, second, later = draft(), draft(), draft()
    one = shares(first, [CORE], {"ami-core": (KEY,)}, ["a/b"])
    assert one == shares(second, [CORE], {"ami-core": (KEY,)}, ["a/b"])
    assert shares(later, ["ami-may /dev/xvda"], {"ami-may": ()}, [])["ami-may /dev/xvda"][0] not in one[CORE]


def test_names_of_repositories_that_look_alike_are_told_apart():
    """`a/b` and `a.b` are two."""
    made = draft()
    assert len(set(shares(made, [], {}, ["a/b", "a.b"])["repositories"])) == 2


def test_envoys_image_is_one_of_the_profiles():
    """It is resolved and shared like those of machines."""
    assert "management:envoy-*" in images_of(load("model-bank"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('repositories = ["Constellations/Web"]', r"repositories\[0\]"),
        ('repositories = ["a//*/"]', "'a//\\*/' is no name of a repository"),
        ('repositories = ["a/*", "a/*"]', "named twice"),
        ('[ingress]\nimage = { owner = "x" }', "ingress.image: an image of an owner needs"),
    ],
)
def test_repositories_and_the_image_of_the_ingress_are_checked(tmp_path, line, says):
    """With their place."""
    text = (packaged() / "trial.toml").read_text()
    head, _, rest = text.partition("[machines.box]")
    path = tmp_path / "p.toml"
    path.write_text(head + line + "\n[machines.box]" + rest)
    with pytest.raises(TomlError, match=says):
        load_file(path)


def test_a_machine_that_pulls_containers_is_not_launched_before_its_account_can():
    """The repositories are entered by it, beside its image's share; by Envoys and the bank's own machine they are not."""
    profile = load("model-bank")
    images = {ref: f"ami-{n} /dev/xvda" for n, ref in enumerate(images_of(profile))}
    made = expand(
        profile, {}, kinds=specs(), region="r", zone="euc1-az1", slot=0, sandbox_id="sbx_1", sandbox_name="s", stage="dev",
        images=images, zones=("euc1-az1", "euc1-az2"), repositories=["a/b", "c/d"],
    )  # fmt: skip
    pulling = {
        node.key.rpartition("/")[2]: len(
            [need for needs in node.to_enter.values() for need in needs if "/repository-" in need.key]
        )
        for node in made.nodes
        if node.kind == "machine"
    }
    assert pulling == {"acp": 0, "ocp": 2, "envoy-a": 0, "envoy-b": 0}
