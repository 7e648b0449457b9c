"""Profiles: the packaged ones, what is checked in them, and what they become."""

from pathlib import Path

import pytest

from sandboxd.aws.kinds import specs
from sandboxd.model.errors import BadRequest, LimitReached, NotFound
from sandboxd.profile import available, check_parameters, expand, images_of, load, load_file, packaged
from sandboxd.profile.schema import schema
from sandboxd.toml import TomlError


def changed(tmp_path: Path, *pairs: tuple[str, str], name="model-bank") -> Path:
    text = (packaged() / f"{name}.toml").read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "changed.toml"
    path.write_text(text)
    return path


def test_the_packaged_profiles_are_there_and_whole():
    """All, with the machines of the mission."""
    assert set(available([])) == {"model-bank", "training", "trial"}
    assert list(load("model-bank").machines) == ["acp", "ocp"]
    assert list(load("trial").machines) == ["box"]


def test_the_committed_schema_is_the_structs(tmp_path):
    """Editors know what the program knows."""
    assert (packaged() / "profile.schema.json").read_text() == schema()


def test_all_mistakes_are_named_with_their_places(tmp_path):
    """Unknown key, wrong type and too small a disk at once."""
    path = changed(
        tmp_path, ('summary = "Oracle', 'sumary = "Oracle'), ("port = 1521", 'port = "x"'), ("disk = 250", "disk = 2")
    )
    with pytest.raises(TomlError) as caught:
        load_file(path)
    said = str(caught.value)
    assert len(caught.value.mistakes) == 3
    for words in (
        "changed.toml:36:1: machines.acp.sumary",
        "did you mean 'summary'",
        "machines.acp.ingress[0].port",
        "machines.ocp.disk",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('machine = "ocp"\nwhen = "amq"', 'machine = "opc"\nwhen = "amq"', "did you mean 'ocp'"),
        ('when = "amq"', 'when = "amk"', "did you mean 'amq'"),
        ("default = false", 'default = "no"', "is no boolean"),
        ('cidr = "0.0.0.0/0"', 'cidr = "0.0.0.0/0"\npeer = "ocp"', "either `cidr` or `peer`"),
        ('cidr = "10.0.0.0/16"', 'cidr = "10.0.0.0/8"', "/16"),
        ('cidr = "10.0.0.0/16"', 'cidr = "10.0.0.0/20"', "/16 to /19"),
        ("[parameters.amq]", "[parameters.AMQ]", "no name of a parameter"),
        ('type = "boolean"', 'type = "boolean"\nchoices = ["a"]', "only a string has choices"),
        ('name = "web"\n', 'name = "api"\n', "ingress.routes[1].name: the name 'api' is taken twice"),
        ('image = { management = "avaloq-core-*" }', 'image = { management = "a", ssm = "/b" }', "exactly one"),
        ('name = "web-banking"', 'name = "banking-apis"', "taken twice"),
        ('peer = "ocp"', 'peer = "ocb"', "no machine 'ocb'"),
        ("machine:acp", "machine:apc", "constellations[0].values.database: there is no machine 'apc'"),
    ],
)
def test_mistakes_across_fields(tmp_path, old, new, says):
    """Each with a place and what was meant."""
    with pytest.raises(TomlError) as caught:
        load_file(changed(tmp_path, (old, new)))
    assert says in str(caught.value)
    assert "changed.toml:" in str(caught.value)


@pytest.mark.parametrize(
    ("machine", "says"),
    [
        ("subnet", "taken by its subnet"), ("subnet-assoc", "taken by its subnet"), ("acp-sg", "taken by machine 'acp'"),
        ("acp-egress-1", "taken by machine 'acp'"), ('"a b"', "no name of a machine"),
    ],
)  # fmt: skip
def test_a_machine_cannot_have_the_name_of_another_resource(tmp_path, machine, says):
    """Names become keys: two of one key would be one resource."""
    path = changed(tmp_path)
    more = f'\n[machines.{machine}]\nimage = {{ ssm = "/x" }}\ntype = "t3.micro"\ndisk = 8\n'
    path.write_text(path.read_text() + more)
    with pytest.raises(TomlError, match=says):
        load_file(path)


def test_a_full_address_plan_is_refused():
    """No sandbox gets the range of another one."""
    profile = load("trial")
    with pytest.raises(LimitReached, match="All 240 ranges"):
        expand(
            profile, {}, kinds=specs(), region="r", zone="z", slot=240, sandbox_id="sbx_1", sandbox_name="s", stage="dev",
            images=dict.fromkeys(images_of(profile), "ami-1"),
        )  # fmt: skip


def test_a_profile_that_is_not_there_suggests_one():
    """A near miss."""
    with pytest.raises(NotFound) as caught:
        load("modelbank")
    assert "model-bank" in caught.value.hint


def test_parameters_are_checked_all_at_once():
    """Unknown ones with a suggestion, wrong types by name; defaults fill the rest."""
    profile = load("model-bank")
    assert check_parameters(profile, {"amq": True}) == {"amq": True, "smart_client": False}
    with pytest.raises(BadRequest) as caught:
        check_parameters(profile, {"amk": True, "smart_client": "yes"})
    assert "did you mean 'amq'" in caught.value.detail
    assert "'yes' is no boolean" in caught.value.detail
    assert caught.value.pointer == "/parameters/amk"


def test_what_a_sandbox_consists_of():
    """Nodes stand on earlier ones only, sandboxes have ranges of their own, roots name machines and ways."""
    profile = load("model-bank")
    images = dict.fromkeys(images_of(profile), "ami-1")
    made = [
        expand(
            profile,
            {},
            kinds=specs(),
            region="r",
            zone="z",
            slot=n,
            sandbox_id=f"sbx_{n}",
            sandbox_name=f"s{n}",
            stage="dev",
            images=images,
            zones=("z", "y"),
            ports={"amq": 20000 + n},
            tenant="acme",
        )
        for n in (0, 1)
    ]
    for blueprint in made:
        seen: set[str] = set()
        for node in blueprint.nodes:
            for needs in (*node.requires.values(), *node.to_enter.values()):
                assert {need.key for need in needs} <= seen, node.key
            seen.add(node.key)
    ranges = {node.parameters["cidr"] for blueprint in made for node in blueprint.nodes if node.key.endswith("/subnet")}
    assert ranges == {"10.0.16.0/24", "10.0.17.0/24"}
    kept = {need.key for need in made[0].kept}
    assert {"r/sbx_0/acp", "r/sbx_0/ocp", "r/sbx_0/secret-admin-password", "r/sbx_0/constellation-banking-apis"} <= kept
    assert not any(key.startswith("r/shared") for key in kept)
