"""Parts become files: the same bytes for the same parts, flaws for what cannot be, a script that fits a command."""

import hashlib
import json
import subprocess
import sys

import pytest
from msgspec import structs

from sandboxd.ingress import said
from sandboxd.ingress.content import EMPTY, TYPES, bootstrap, content, first_files
from sandboxd.ingress.flaws import sift, validate_parts
from sandboxd.ingress.parts import Part, Place, host_of
from sandboxd.ingress.scripts import LARGEST, deliver, first_boot, report
from sandboxd.model.errors import BadRequest, LimitReached


def part(number: int = 1, **words: object) -> Part:
    """A route of a sandbox; its id as real ones are."""
    sandbox = "sbx_" + hashlib.sha256(str(number).encode()).hexdigest()[:26].upper()
    words = {"route": "web", "layer": "http", "host": host_of("web", f"s{number}", "acme", "example.com")} | words
    return Part(sandbox=sandbox, tenant="acme", name=f"s{number}", address=f"10.0.{number}.7", port=8443, **words)  # type: ignore[arg-type]


def amq(number: int = 1, listen: int = 20000, **words: object) -> Part:
    """A route of layer 4."""
    return part(number, route="amq", layer="tcp", host="", listen=listen, **words)


def test_the_order_of_parts_does_not_matter():
    """One set, one version; another set, sequence or place has another one."""
    first, second = part(1), amq(2)
    made = content([first, second], 7)
    assert made == content([second, first], 7)
    assert made.version.startswith("7-")
    assert made.parts == tuple(sorted((first.key, second.key)))
    assert {json.loads(made.files[name])["version_info"] for name in TYPES} == {made.version}
    moved = structs.replace(second, address="10.0.9.9")
    others = [content([first], 7), content([first, moved], 7), content([first, second], 7, Place(http=80))]
    assert len({made.version, *(one.version for one in others)}) == 4


def test_bytes_are_the_same_in_every_process():
    """Whatever the seed of hashes."""
    code = (
        "import sys; sys.path.insert(0, 'tests/unit/ingress'); import test_ingress_content as t;"
        "print(t.content([t.part(n) for n in range(9)] + [t.amq(3)], 1).version)"
    )
    said_ = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert said_ == {content([part(n) for n in range(9)] + [amq(3)], 1).version + "\n"}


def test_a_new_machine_answers_the_balancers_and_nobody_else():
    """Health and 404 before anything is delivered; the bootstrap names only files and a socket."""
    files = first_files(Place())
    assert list(files) == list(TYPES)
    assert [json.loads(data)["version_info"] for data in files.values()] == [EMPTY] * 3
    assert b"port_value" not in bootstrap(Place())
    assert all(b"\n" not in data for data in files.values())


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (part(2, host="web-s1.acme.example.com"), "belongs to"),
        (part(1, host="other.example.com"), "belongs to"),
        (amq(2, listen=8080), "belongs to the shared HTTP listener"),
        (amq(2, listen=8443), "belongs to the shared TLS listener"),
        (amq(2, listen=80), "no port to listen on"),
        (amq(2, listen=70000), "no port to listen on"),
        (part(2, host=""), "no host name"),
        (part(2, host="*.example.com"), "no host name"),
        (part(2, host="-a.example.com"), "no host name"),
        (part(2, host="Web.example.com"), "no host name"),
        (part(2, host="a.example.com\n"), "no host name"),
        (part(2, host=".".join(["a" * 60] * 5)), "characters"),
        (part(2, route="../etc"), "no name"),
        (structs.replace(part(2), sandbox="s b"), "no name"),
        (structs.replace(part(2), address="localhost"), "no IPv4 address"),
        (structs.replace(part(2), address="169.254.169.254"), "no IPv4 address"),
        (structs.replace(part(2), port=0), "no port of a machine"),
        (amq(2, connections=-1), "no number of connections"),
    ],
)  # fmt: skip
def test_a_flaw_names_its_part(second, words):
    """And the parts beside it stay good, whoever came first."""
    good, flaws = sift([part(1), second, part(3)])
    assert good == [part(1), part(3)]
    assert {flaw.part for flaw in flaws} == {second.key}
    assert words in flaws[0].detail and flaws[0].hint
    with pytest.raises(BadRequest, match=r"."):
        content([part(1), second], 1)


def test_tls_and_http_may_share_a_host():
    """They come in by different balancers."""
    assert validate_parts([part(1), part(1, route="pass", layer="tls")]) == []


def test_listeners_are_one_for_each_route_of_layer_4():
    """So that one cannot take others away; the tls listener is there while somebody wants it."""

    def names(*parts: Part) -> list[str]:
        return [one["name"] for one in json.loads(content(parts, 1).files["lds.json"])["resources"]]

    assert names() == ["http"]
    assert names(part(1)) == ["http"]
    assert names(part(1), part(2, layer="tls"), part(3, layer="tls", host="x.example.com")) == ["http", "tls"]
    assert names(amq(1), amq(2, 20001)) == ["http", *sorted((amq(1).key, amq(2).key))]


def test_each_sandbox_is_judged_alone_too():
    """To know whose part is bad."""
    made = content([part(1), amq(1), part(2)], 1)
    assert sorted(name for name in made.files if name.startswith("check")) == sorted(
        ["check", f"check:{part(1).sandbox}", f"check:{part(2).sandbox}"]
    )
    assert part(2).sandbox.encode() not in made.files[f"check:{part(1).sandbox}"]


def of_sandboxes(many: int) -> list[Part]:
    """Each with a console, an API that passes TLS through, and AMQ."""
    return [
        one
        for number in range(many)
        for one in (
            part(number, encrypted=True),
            part(number, route="api", layer="tls", host=host_of("api", f"s{number}", "acme", "example.com")),
            amq(number, 20000 + number, connections=500),
        )
    ]


def test_twenty_sandboxes_fit_into_a_command_and_too_many_are_refused_with_numbers():
    """A third of what a command may carry, with three routes each."""
    assert len(deliver(content(of_sandboxes(20), 1), EMPTY)) < LARGEST / 3
    with pytest.raises(
        LimitReached, match=rf"of 270 routes makes a command of \d+ bytes; {LARGEST} is the most"
    ) as caught:
        deliver(content(of_sandboxes(90), 1), EMPTY)
    assert caught.value.hint


def test_scripts_say_what_they_are():
    """In their first line, for whoever reads a command's text: the simulator, and people."""
    made = content([part(1)], 3)
    first, *_ = deliver(made, "2-abc").splitlines()
    assert first.startswith(f"#sandboxd envoy-deliver version={made.version} expected=2-abc digest=")
    assert report().splitlines()[0] == "#sandboxd envoy-report"
    for script in (deliver(made, "2-abc"), report(), first_boot()):
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert len(first_boot()) < 16_384  # of user data


def test_what_machines_say_is_understood():
    """Also where something else was printed, or nothing."""
    assert said.delivered("") is None
    assert said.runs("curl: (7)\n") is None
    line = '{"outcome":"invalid","version":"1-a","detail":"d","bad":["sb"]}'
    assert said.delivered(f"noise\n{line}\n") == said.Delivered(
        outcome="invalid", version="1-a", detail="d", bad=("sb",)
    )


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "m does not say what it runs"),
        (said.Runs(answers=False), "Envoy on m does not answer"),
        (said.Runs(answers=True, cds="2-b", rds="2-b", lds="2-b"), ""),
        (said.Runs(answers=True, cds="1-a", rds="1-a", lds="1-a"), "m still runs version 1-a, wanted 2-b"),
        (said.Runs(answers=True, cds="2-b", rds="2-b", lds="1-a"), "m is between versions"),
        (said.Runs(answers=True, cds="2-b", rds="2-b", lds="2-b", warming=1), "m is between versions"),
        (said.Runs(answers=True, lds="1-a", files="2-b", rejected=1, detail="no"), "m rejected version 2-b: no"),
    ],
)  # fmt: skip
def test_what_runs_is_compared_with_what_is_wanted(found, words):
    """A16, A17: by what Envoy says, in words that name the machine and both versions."""
    assert said.behind("m", "2-b", found).startswith(words)
    assert bool(said.behind("m", "2-b", found)) == bool(words)


@pytest.mark.parametrize(
    ("change", "edited"),
    [
        (lambda _: None, False),
        (lambda folder: (folder / "lds.json").write_text("{}"), True),
        (lambda folder: (folder / "rds.json").unlink(), True),
    ],
)  # fmt: skip
def test_a_report_says_whether_the_files_are_those_that_were_proved(change, edited, tmp_path):
    """The script itself, without Envoy: what lies there is compared with what was kept, whatever version stands in it."""
    made = content([part()], 3)
    for folder in (tmp_path, tmp_path / "good"):
        folder.mkdir(exist_ok=True)
        for name in TYPES:
            (folder / name).write_bytes(made.files[name])
    change(tmp_path)
    place = Place(folder=str(tmp_path), admin=str(tmp_path / "admin"))
    done = subprocess.run(["sh"], input=report(place), capture_output=True, text=True, check=True)
    found = said.runs(done.stdout)
    assert (found.edited, found.good) == (edited, made.version)
