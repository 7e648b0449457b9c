"""The ingress with the real Envoy: what is generated is taken, what is delivered runs, what is bad changes nothing."""

import http.client
import json
import random
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from envoys import Stream, backend, echo, free_ports, get, machines, part, until
from msgspec.structs import asdict
from needs import need

from sandboxd.ingress.content import EMPTY, TYPES, Content, bootstrap, content, first_files
from sandboxd.ingress.parts import Part, Place
from sandboxd.ingress.said import behind, runs
from sandboxd.ingress.scripts import deliver
from sandboxd.simulator import guest_envoy
from sandboxd.simulator.rows import Row


def poisoned(made: Content, name: str, old: str, new: str) -> Content:
    """The same with one word changed, in what is watched and not in what is judged: what only the running Envoy finds."""
    data = made.files[name].decode()
    assert old in data
    return Content(
        version=made.version, parts=made.parts, files={**made.files, name: data.replace(old, new, 1).encode()}
    )


# ---- what is generated
def random_parts(seed: int) -> list[Part]:
    """A few sandboxes with routes of every layer, with every option."""
    chance = random.Random(seed)
    made = []
    for number in range(chance.randint(0, 8)):
        sandbox = f"sbx_{number}{chance.choice('AZ09')}"
        for route in chance.sample(["web", "api", "amq", "console", "pass-through"], chance.randint(1, 5)):
            layer = chance.choice(["http", "tls", "tcp"])
            listen = 20000 + len(made) if layer == "tcp" else 0
            made.append(
                part(
                    sandbox, chance.randint(1, 65535), route, layer=layer, host="" if listen else f"{route}-{number}.acme.example",
                    listen=listen, encrypted=chance.random() < 0.3, connections=chance.choice([0, 1, 500]),
                )
            )  # fmt: skip
    return made


@pytest.mark.parametrize("seeds", [range(12), range(12, 24), range(24, 36)], ids=lambda seeds: f"{seeds.start}-")
def test_whatever_is_generated_is_valid(tmp_path, seeds):
    """Envoy judges dozens of random sets, together and each sandbox alone."""
    for seed in seeds:
        made = content(random_parts(seed), seed)
        judged = [data for name, data in made.files.items() if name.startswith("check")]
        for data in judged[:3]:
            (tmp_path / "check.json").write_bytes(data)
            done = subprocess.run(
                [need("envoy"), "--mode", "validate", "-c", f"{tmp_path}/check.json"], capture_output=True, text=True, check=False
            )  # fmt: skip
            assert done.returncode == 0, (seed, done.stderr)


def test_the_bootstrap_is_valid(tmp_path):
    """What a machine starts with."""
    place = Place(folder=str(tmp_path), admin=f"{tmp_path}/a")
    for name, data in {"b.json": bootstrap(place), **first_files(place)}.items():
        (tmp_path / name).write_bytes(data)
    subprocess.run([need("envoy"), "--mode", "validate", "-c", f"{tmp_path}/b.json"], check=True, capture_output=True)


# ---- traffic
def test_each_host_reaches_its_own_sandbox_and_no_request_fails_meanwhile():
    """Two Envoys, two backends: one comes, the other goes, and whoever asks the first never notices; nor that an Envoy dies."""
    with machines("e1", "e2") as both, backend("A") as a, backend("B") as b:
        ports = [one.place.http for one in both]
        versions = {one.name: EMPTY for one in both}

        def everywhere(parts: list[Part], sequence: int) -> None:
            for one in both:
                made = content(parts, sequence, one.place)
                answer = one.deliver(made, versions[one.name])
                assert (answer.outcome, answer.version) == ("delivered", made.version), answer
                versions[one.name] = made.version

        first, second = part("sa", a), part("sb", b)
        everywhere([first], 1)
        with Stream(ports, first.host, "A") as steady, kept(ports[0], first.host) as balancer:
            balancer.asks(f"A {first.host} /")
            everywhere([first, second], 2)
            for port in ports:
                assert get(port, second.host) == (200, f"B {second.host} /")
                assert get(port, first.host.upper() + ":443", "/x?y") == (200, f"A {first.host.upper()}:443 /x?y")
            steady.more(20)
            everywhere([first], 3)
            for port in ports:
                assert get(port, second.host)[0] == 404
            steady.more(20)
            balancer.asks(f"A {first.host} /")
            assert (steady.bad, steady.elsewhere) == ([], 0)
            both[0].die()
            steady.more(50)
            both[0].start()
            steady.more(20)
        assert steady.bad == []
        assert both[0].report().version == versions["e1"]
        assert get(ports[0], "elsewhere.example") == (404, "there is no such sandbox here\n")
        assert get(ports[0], first.host, "/healthz") == (200, f"A {first.host} /healthz")
        assert Path(both[0].here, "told").read_text().split() == ["daemon-reload", "enable", "--now", "sandboxd-envoy"]


class Kept:
    """One connection for many requests, as balancers keep them."""

    def __init__(self, port: int, host: str) -> None:
        self.host, self.conn = host, http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.conn.connect()
        self.conn.auto_open = 0  # one that was closed is not opened again

    def asks(self, wanted: str) -> None:
        """One more request."""
        self.conn.request("GET", "/", headers={"Host": self.host})
        answer = self.conn.getresponse()
        assert (answer.status, answer.read().decode()) == (200, wanted)


@contextmanager
def kept(port: int, host: str) -> Iterator[Kept]:
    """A connection while it is needed."""
    made = Kept(port, host)
    try:
        yield made
    finally:
        made.conn.close()


def says(port: int, text: bytes) -> bytes:
    """What comes back on one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as conn:
        conn.sendall(text)
        conn.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: conn.recv(65536), b""))


def test_bytes_go_through_and_connections_are_limited():
    """A listener for each route of layer 4: a connection stays while others come and go; one too many is closed."""
    with machines("e1") as (one,), echo("A") as a, echo("B") as b:
        at, there = free_ports(2)
        first = part("sa", a, "amq", layer="tcp", host="", listen=at, connections=1)
        second = part("sb", b, "amq", layer="tcp", host="", listen=there)
        made = content([first], 1, one.place)
        assert one.deliver(made, EMPTY).outcome == "delivered"
        with socket.create_connection(("127.0.0.1", at), timeout=10) as conn:
            assert conn.recv(1) == b"A"
            assert says(at, b"") == b""  # the second connection
            more = content([first, second], 2, one.place)
            assert one.deliver(more, made.version).outcome == "delivered"
            assert says(there, b"abc" * 10_000) == b"B" + b"abc" * 10_000
            assert one.deliver(content([first], 3, one.place), more.version).outcome == "delivered"
            until(lambda: refused(there), "the port of the second one is closed")
            conn.sendall(b"still")
            assert conn.recv(16) == b"still"


def refused(port: int) -> bool:
    """Whether nobody listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@dataclass
class Pair:
    """A certificate and its key, as a machine signs its own."""

    certificate: str
    key: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Pair:
    """One that names nobody in particular."""
    at = tmp_path_factory.mktemp("tls")
    made = Pair(f"{at}/c.pem", f"{at}/k.pem")
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=machine", "-keyout", made.key, "-out", made.certificate], check=True, capture_output=True,
    )  # fmt: skip
    return made


def dial(port: int, host: str) -> ssl.SSLSocket:
    """A client that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        return context.wrap_socket(plain, server_hostname=host)


def test_tls_passes_through_by_name(pair):
    """The machine terminates TLS; a connection of one host stays while another host comes and goes; an unknown one is closed."""
    with machines("e1") as (one,), tls_echo("A", pair) as a, tls_echo("B", pair) as b:
        first, second = (
            part(f"s{n}", at, "c", layer="tls", host=f"c-{n}.acme.example") for n, at in (("a", a), ("b", b))
        )
        made = content([first], 1, one.place)
        assert one.deliver(made, EMPTY).outcome == "delivered"
        with dial(one.place.tls, first.host) as conn:
            assert conn.recv(64) == b"A"
            with pytest.raises(OSError):
                dial(one.place.tls, second.host)
            more = content([first, second], 2, one.place)
            assert one.deliver(more, made.version).outcome == "delivered"
            with dial(one.place.tls, second.host) as other:
                assert other.recv(64) == b"B"
            assert one.deliver(content([first], 3, one.place), more.version).outcome == "delivered"
            conn.sendall(b"still")
            assert conn.recv(16) == b"still"


def tls_echo(name: str, pair: Pair):
    """A machine that speaks TLS."""
    return echo(name, server_side(pair))


def server_side(pair: Pair) -> ssl.SSLContext:
    """What a machine says who it is with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def test_a_machine_may_speak_tls_to_envoy(pair):
    """`encrypted`: from Envoy to the machine, with the host as name."""
    context, asked = server_side(pair), []
    context.sni_callback = lambda _, name, __: asked.append(name)
    with machines("e1") as (one,), backend("A", context=context) as a:
        secret = part("sa", a, encrypted=True)
        assert one.deliver(content([secret], 1, one.place), EMPTY).outcome == "delivered"
        assert get(one.place.http, secret.host) == (200, f"A {secret.host} /")
        assert asked == [secret.host]


# ---- what is bad
def with_bad(place: Place, good: Part, bad: Part, sequence: int) -> Content:
    """A configuration in which one sandbox has something that Envoy refuses, wherever it is looked at."""
    made = content([good, bad], sequence, place)
    words = f'"name":"{bad.key}"', f'"nonsense":1,"name":"{bad.key}"'
    files = {name: data.decode().replace(*words).encode() for name, data in made.files.items()}
    return Content(version=made.version, parts=made.parts, files=files)


def test_a17_a_rejected_configuration_leaves_the_old_one_running_also_after_a_restart():
    """Judged first: nothing is moved, and whose part is bad is said. What only the running Envoy rejects is taken back."""
    with machines("e1") as (one,), backend("A") as a:
        good = part("sa", a)
        made = content([good], 1, one.place)
        assert one.deliver(made, EMPTY).outcome == "delivered"
        before = one.files()

        answer = one.deliver(with_bad(one.place, good, part("sb", 1), 2), made.version)
        assert (answer.outcome, answer.bad, answer.version) == ("invalid", ("sb",), made.version)
        assert "nonsense" in answer.detail
        assert one.files() == before

        with socket.socket() as taken:  # a port that somebody else has: valid, until a listener is to be there
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            amq = part("sb", 1, "amq", layer="tcp", host="", listen=taken.getsockname()[1])
            answer = one.deliver(content([good, amq], 3, one.place), made.version)
            assert (answer.outcome, answer.version) == ("rejected", made.version), answer
            assert "Address already in use" in answer.detail
        assert one.files() == before
        until(lambda: one.report().version == made.version, "the old one runs again")
        assert get(one.place.http, good.host)[0] == 200
        one.die()
        one.start()
        assert one.report().version == made.version
        assert get(one.place.http, good.host)[0] == 200


def test_a17_a_reference_to_nothing_fails_its_own_part_only():
    """A route to a cluster that is not there answers 503; its neighbour goes on."""
    with machines("e1") as (one,), backend("A") as a:
        good, lost = part("sa", a), part("sb", 1)
        made = poisoned(content([good, lost], 1, one.place), "cds.json", '"name":"sb/web"', '"name":"sb/elsewhere"')
        one.deliver(made, EMPTY)
        assert (get(one.place.http, good.host)[0], get(one.place.http, lost.host)[0]) == (200, 503)


def test_a16_files_are_moved_into_place_and_what_runs_is_proved():
    """Each file is another one after a delivery. Written in place the same bytes are not seen, and the report says so."""
    with machines("e1") as (one,), backend("A") as a:
        folder = Path(one.place.folder)
        before = {name: (folder / name).stat().st_ino for name in TYPES}
        first = content([part("sa", a)], 1, one.place)
        one.deliver(first, EMPTY)
        after = {name: (folder / name).stat().st_ino for name in TYPES}
        assert all(before[name] != after[name] for name in TYPES)

        second = content([part("sa", a), part("sb", a)], 2, one.place)
        for name in TYPES:
            (folder / name).write_bytes(second.files[name])
        found = one.report()
        assert (found.version, found.files) == (first.version, second.version)
        assert (
            behind("envoy-1", second.version, found)
            == f"envoy-1 still runs version {first.version}, wanted {second.version}"
        )
        assert one.deliver(second, first.version, patience=2).outcome == "unproved"

        for name in TYPES:
            (folder / f".{name}").write_bytes(second.files[name])
            (folder / f".{name}").rename(folder / name)
        until(lambda: behind("envoy-1", second.version, one.report()) == "", "a rename makes it run")
        assert one.deliver(second, first.version).outcome == "there"


# ---- the script
def test_a_delivery_expects_what_it_replaces():
    """Another version there: nothing is changed. The same one there: it is proved. A second one waits for its turn."""
    with machines("e1") as (one,), backend("A") as a:
        first, second = content([part("sa", a)], 1, one.place), content([], 2, one.place)
        assert one.deliver(first, EMPTY).outcome == "delivered"
        before = one.files()
        answer = one.deliver(second, EMPTY)
        assert (answer.outcome, answer.version) == ("other", first.version)
        assert one.files() == before
        assert one.deliver(first, EMPTY).outcome == "there"
        one.die()
        assert one.deliver(first, EMPTY, patience=2).outcome == "unproved"
        assert not one.report().answers
        one.first_boot()  # user data, again: what is there stays
        assert one.files() == before


@pytest.mark.parametrize("damage", ["payload", "cut"])
def test_what_arrives_damaged_changes_nothing(damage):
    """The digest is compared before anything is looked at."""
    with machines("e1") as (one,):
        before = one.files()
        lines = deliver(content([part("sa", 1)], 1, one.place), EMPTY, one.place).splitlines()
        at = next(number for number, line in enumerate(lines) if line.startswith("H4sI"))
        lines[at + 1 :] = ([lines[at + 1].swapcase()] if damage == "payload" else []) + lines[at + 2 :]
        done = one.run("\n".join(lines) + "\n")
        assert (done.returncode, json.loads(done.stdout)["outcome"]) == (6, "damaged"), done
        assert one.files() == before


def test_a_delivery_that_ended_in_the_middle_is_finished_by_the_next():
    """Files of two versions lie there: the old one counts, until listeners are moved; the next delivery completes it."""
    with machines("e1") as (one,), backend("A") as a:
        first, second = content([part("sa", a)], 1, one.place), content([part("sa", a), part("sb", a)], 2, one.place)
        one.deliver(first, EMPTY)
        folder = Path(one.place.folder)
        (folder / ".cds.json").write_bytes(second.files["cds.json"])
        (folder / ".cds.json").rename(folder / "cds.json")
        (folder / ".new.dead").mkdir()
        until(lambda: one.report().cds == second.version, "the clusters are the new ones")
        found = one.report()
        assert "between versions" in behind("envoy-1", second.version, found)
        assert one.deliver(second, found.files).outcome == "delivered"
        assert not (folder / ".new.dead").exists()


def test_of_two_deliveries_at_once_one_comes_true():
    """They take turns, and the second one finds another version than it expects."""
    with machines("e1") as (one,), backend("A") as a, ThreadPoolExecutor(2) as pool:
        made = [content([part(name, a)], 1, one.place) for name in ("sa", "sb")]
        said = list(pool.map(lambda some: one.deliver(some, EMPTY), made))
        assert sorted(answer.outcome for answer in said) == ["delivered", "other"]
        (won,) = {answer.version for answer in said}
        assert one.report().version == won


def test_the_simulated_machine_says_what_a_real_one_says():
    """The same deliveries to both: the same outcomes, codes and versions."""
    simulated = Row("machine", "i-1", "1", "r", 0.0)
    with machines("e1") as (one,), backend("A") as a:
        first, second = content([part("sa", a)], 1, one.place), content([part("sa", a), part("sb", a)], 2, one.place)
        for made, expected in (
            (first, "9-x"),
            (first, EMPTY),
            (first, EMPTY),
            (second, EMPTY),
            (second, first.version),
        ):
            script = deliver(made, expected, one.place)
            words = dict(word.split("=", 1) for word in script.split("\n", 1)[0].split()[2:])
            real, pretended = one.run(script), guest_envoy.deliver(simulated, words, script, 1.0)
            assert (pretended.code, json.loads(pretended.output)) == (real.returncode, json.loads(real.stdout))
            assert set(json.loads(guest_envoy.report(simulated, 1.0).output)) == set(asdict(one.report()))
            assert runs(guest_envoy.report(simulated, 1.0).output) == one.report()
