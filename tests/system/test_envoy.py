"""The ingress with the real Envoy: whatever is generated is valid, and leads every host, name and port to its own sandbox."""

import http.client
import random
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from envoys import Stream, backend, echo, free_ports, get, machines, part, until
from needs import need

from sandboxd.ingress.content import EMPTY, bootstrap, content, first_files
from sandboxd.ingress.parts import Part, Place


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
            steady.more(25)
            both[0].start()
            steady.more(20)
        assert steady.bad == []
        assert both[0].report().version == versions["e1"]
        assert get(ports[0], "elsewhere.example") == (404, "there is no such sandbox here\n")
        assert get(ports[0], first.host, "/healthz") == (200, f"A {first.host} /healthz")
        assert Path(both[0].here, "told").read_text().split() == ["daemon-reload", "enable", "--now", "sandboxd-envoy"]


def test_a_machine_that_was_made_anew_takes_over_without_a_failed_request():
    """The same route at another address: requests go to the old one until they go to the new one."""
    with machines("e1") as (one,), backend("A") as old, backend("A") as new:
        first = content([part("sa", old)], 1, one.place)
        one.deliver(first, EMPTY)
        with Stream([one.place.http], part("sa", old).host, "A") as steady:
            assert one.deliver(content([part("sa", new)], 2, one.place), first.version).outcome == "delivered"
            steady.more(20)
        assert (steady.bad, steady.elsewhere) == ([], 0)


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


DAY = timedelta(days=1)


@dataclass
class Pair:
    """A certificate and its key, as a machine signs its own."""

    certificate: str
    key: str


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Pair:
    """One that names nobody in particular; with moto's library, for not every machine has the program."""
    at = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "machine")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (at / "c.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (at / "k.pem").write_bytes(secret)
    return Pair(f"{at}/c.pem", f"{at}/k.pem")


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
