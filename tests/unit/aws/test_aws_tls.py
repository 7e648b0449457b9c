"""The lean session over TLS, as real AWS is reached: verified, kept, and cut without a repeat."""

import datetime as dt
import ipaddress
import ssl

import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.model.ports import AwsError, Scope

ACCOUNT, REGION = "111111111111", "eu-central-1"
MINE = Scope(ACCOUNT, REGION, "")


class RealClock:
    pace = 1.0

    def now(self):
        return trio.current_time()

    def monotonic(self):
        return trio.current_time()

    async def sleep(self, seconds):
        await trio.sleep(seconds)


def certificate(folder, address):
    """A self-signed certificate for one address; the path of it with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stub")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{address}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


class Stub:
    """Answers every request alike; cuts the connection when asked to."""

    def __init__(self, path):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(path)
        self.connections = self.requests = 0
        self.cut = False

    async def serve(self, raw):
        self.connections += 1
        stream = trio.SSLStream(raw, self.context, server_side=True, https_compatible=True)
        try:
            while data := await stream.receive_some(65536):
                await self._answer(stream, data)
        except (trio.BrokenResourceError, ssl.SSLError):
            pass
        finally:
            await trio.aclose_forcefully(raw)

    async def _answer(self, stream, data):
        while b"\r\n\r\n" not in data or b"Action=" not in data:
            data += await stream.receive_some(65536)
        self.requests += 1
        if self.cut:
            raise trio.BrokenResourceError
        text = "<XResponse><requestId>r</requestId><GetCallerIdentityResult><Account>"
        text += f"{ACCOUNT}</Account></GetCallerIdentityResult></XResponse>"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(text)}\r\n\r\n"
        await stream.send_all((head + text).encode())


@pytest.fixture
async def start(monkeypatch, nursery, tmp_path):
    """Start a stub whose certificate is for an address; the client trusts it."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def begin(address):
        path = certificate(tmp_path, address)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
        stub = Stub(path)
        listeners = await nursery.start(trio.serve_tcp, stub.serve, 0)
        stub.url = f"https://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        return stub

    return begin


def opened(stub):
    return open_aws(AwsSettings(endpoint=stub.url, region=REGION), RealClock())


async def test_calls_over_tls_keep_their_connection(start):
    """One handshake per client."""
    stub = await start("127.0.0.1")
    async with opened(stub) as aws:
        assert await aws.identity() == ACCOUNT
        for _ in range(3):
            await aws.call(MINE, "ec2", "DescribeVpcs", {})
    assert (stub.connections, stub.requests) == (2, 4)


async def test_a_cut_over_tls_is_unknown_and_sent_once(start):
    """The same as without TLS."""
    stub = await start("127.0.0.1")
    async with opened(stub) as aws:
        await aws.identity()
        stub.cut = True
        with pytest.raises(AwsError) as caught:
            await aws.call(MINE, "ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"})
    assert caught.value.outcome == "unknown"
    assert stub.requests == 2


async def test_a_certificate_for_somebody_else_is_refused_and_nothing_is_sent(start):
    """The host is verified."""
    stub = await start("127.0.0.2")
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.identity()
    assert (caught.value.outcome, caught.value.code) == ("refused", "Unreachable")
    assert stub.requests == 0
