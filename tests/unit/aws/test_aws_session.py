"""The waist over real sockets: one attempt, no repeat of what may have been carried out, in nobody else's name."""

import contextlib

import pytest
import trio

from sandboxd.aws.waist import AwsSettings, open_aws
from sandboxd.model.ports import AwsError, Scope

ME, TENANT, OTHER = "111111111111", "222222222222", "333333333333"
REGION = "eu-central-1"


class RealClock:
    pace = 1.0

    def now(self):
        return trio.current_time()

    def monotonic(self):
        return trio.current_time()

    async def sleep(self, seconds):
        await trio.sleep(seconds)


class Stub:
    """A tiny AWS: answers by action, counts what it was asked, and misbehaves on request."""

    def __init__(self):
        self.asked = []
        self.behave = {}
        self.roles = {TENANT: TENANT}
        self.connections = 0
        self.closed = trio.Event()

    async def serve(self, stream):
        self.connections += 1
        async with stream:
            with contextlib.suppress(trio.BrokenResourceError):
                while (request := await _read(stream)) is not None:
                    if not await self._answer(stream, request):
                        break
        self.closed.set()

    async def _answer(self, stream, body):
        action = dict(part.split("=", 1) for part in body.decode().split("&")).get("Action", "")
        self.asked.append(action)
        how = self.behave.get(action, [])
        what = how.pop(0) if how else ""
        if what == "hang":
            await trio.sleep_forever()
        if what == "cut":
            return False
        if what == "half":
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<Create")
            return False
        status, text = what if isinstance(what, tuple) else (200, self._text(action, body))
        head = f"HTTP/1.1 {status} X\r\nContent-Type: text/xml\r\nContent-Length: {len(text)}\r\n"
        await stream.send_all((head + "\r\n" + text).encode())
        return what != "bye"

    def _text(self, action, body):
        match action:
            case "GetCallerIdentity":
                account = next((a for a in self.roles.values() if f"K{a}".encode() in self.key), ME)
                return (
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>"
                    f"{account}</Account><Arn>a</Arn><UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"
                )
            case "AssumeRole":
                asked = body.decode().split("iam%3A%3A")[1][:12]
                real = self.roles[asked]
                return (
                    "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                    f"<AccessKeyId>K{real}XXXX</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                    "<Expiration>2036-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>r</AssumedRoleId>"
                    f"<Arn>arn:aws:sts::{asked}:assumed-role/R/s</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
                )
            case _:
                return f"<{action}Response><requestId>r-1</requestId><vpc><vpcId>vpc-1</vpcId></vpc></{action}Response>"

    key = b""


async def _read(stream):
    data = b""
    while b"\r\n\r\n" not in data:
        if not (chunk := await stream.receive_some(65536)):
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    Stub.key = head
    length = int(
        next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")).split(b":")[1]
    )
    while len(body) < length:
        body += await stream.receive_some(65536)
    return body


@pytest.fixture
async def stub(monkeypatch, nursery):
    """A stub AWS, with the daemon's own credentials in the environment."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "OWN",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    one = Stub()
    listeners = await nursery.start(trio.serve_tcp, one.serve, 0)
    one.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
    return one


def opened(stub, **settings):
    return open_aws(AwsSettings(endpoint=stub.url, region=REGION, **settings), RealClock())


SCOPE = Scope(TENANT, REGION)
VPC = {"CidrBlock": "10.0.0.0/16"}


async def test_who_it_is_is_asked_once_before_the_first_mutation(stub):
    """AssumeRole, GetCallerIdentity, then the calls, over one kept connection."""
    async with opened(stub) as aws:
        answer = await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
        await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
    assert answer["Vpc"]["VpcId"] == "vpc-1"
    assert stub.asked == ["AssumeRole", "GetCallerIdentity", "CreateVpc", "CreateVpc"]


async def test_credentials_of_another_account_change_nothing(stub):
    """The map of roles is swapped: the identity does not fit, and no mutation leaves."""
    stub.roles[TENANT] = OTHER
    async with opened(stub) as aws:
        for _ in range(2):
            with pytest.raises(AwsError) as caught:
                await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
            assert (caught.value.outcome, caught.value.code) == ("refused", "WrongAccount")
    assert "CreateVpc" not in stub.asked


async def test_own_credentials_are_never_used_for_another_account(stub):
    """Without a role the scope must be the caller's own account."""
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.call(Scope(OTHER, REGION, ""), "ec2", "CreateVpc", VPC)
    assert caught.value.code == "WrongAccount"
    assert stub.asked == ["GetCallerIdentity"]


async def test_nor_are_they_used_to_read_there(stub):
    """What its own account shows is no answer about another one."""
    async with opened(stub) as aws:
        with pytest.raises(AwsError, match=f"those of account {ME}, and no role of account {OTHER} is known"):
            await aws.call(Scope(OTHER, REGION, ""), "ec2", "DescribeVpcs", {})
    assert stub.asked == ["GetCallerIdentity"]


async def test_a_role_that_settings_name_is_assumed_in_another_account(stub):
    """The account of the images, or of the organization: read and changed with that role, proven like any other."""
    stub.roles[OTHER] = OTHER
    async with opened(stub, roles={OTHER: "images"}) as aws:
        await aws.call(Scope(OTHER, REGION, ""), "ec2", "DescribeVpcs", {})
        await aws.call(Scope(OTHER, REGION, ""), "ec2", "CreateVpc", VPC)
    assert stub.asked == ["GetCallerIdentity", "AssumeRole", "DescribeVpcs", "GetCallerIdentity", "CreateVpc"]


async def test_in_its_own_account_no_role_is_assumed(stub):
    """Settings may name one all the same."""
    async with opened(stub, roles={ME: "images"}) as aws:
        await aws.call(Scope(ME, REGION, ""), "ec2", "CreateVpc", VPC)
    assert stub.asked == ["GetCallerIdentity", "CreateVpc"]


async def test_a_role_that_cannot_be_assumed_is_a_refusal_and_no_fallback(stub):
    """Nothing is sent in the daemon's own name instead."""
    stub.behave["AssumeRole"] = [
        (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
    ]
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
    assert (caught.value.outcome, caught.value.code) == ("refused", "AccessDenied")
    assert stub.asked == ["AssumeRole"]


@pytest.mark.parametrize(
    "way",
    [
        "cut",
        "half",
        "hang",
        (500, ""),
        (503, "<html>busy</html>"),
        (200, ""),
        (200, "<CreateVpcResp"),
        (500, "<Response><Errors><Error><Code>InternalError</Code><Message>m</Message></Error></Errors></Response>"),
    ],
)
async def test_a_mutation_whose_reply_is_lost_is_sent_once_and_unknown(stub, way):
    """Cut before or in the reply, never answered, broken bodies, 5xx: one attempt, outcome unknown."""
    async with opened(stub, read_timeout=0.3) as aws:
        await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
        stub.behave["CreateVpc"] = [way]
        with pytest.raises(AwsError) as caught:
            await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
    assert caught.value.outcome == "unknown"
    assert stub.asked.count("CreateVpc") == 2


async def test_a_read_whose_reply_is_lost_is_sent_again(stub):
    """Nothing can happen twice."""
    async with opened(stub) as aws:
        stub.behave["DescribeVpcs"] = ["cut", "half"]
        await aws.call(SCOPE, "ec2", "DescribeVpcs", {})
    assert stub.asked.count("DescribeVpcs") == 3


async def test_a_connection_that_was_closed_meanwhile_is_not_used(stub):
    """The server said good-bye after its answer: the next mutation goes over a new connection, once."""
    async with opened(stub) as aws:
        stub.behave["CreateVpc"] = ["bye"]
        await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
        await stub.closed.wait()
        await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
    assert stub.asked.count("CreateVpc") == 2
    assert stub.connections == 3


async def test_a_refused_code_is_refused_whatever_the_status(stub):
    """Capacity comes as 500."""
    body = "<Response><Errors><Error><Code>InsufficientInstanceCapacity</Code><Message>none</Message></Error></Errors></Response>"
    stub.behave["CreateVpc"] = [(500, body)]
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.call(SCOPE, "ec2", "CreateVpc", VPC)
    assert (caught.value.outcome, caught.value.code) == ("refused", "InsufficientInstanceCapacity")


async def test_what_is_not_a_request_is_not_sent(stub):
    """botocore's own validation."""
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.call(SCOPE, "ec2", "CreateVpc", {"Cidr": "x"})
    assert caught.value.code == "ParamValidation"
    assert "CreateVpc" not in stub.asked


async def test_nobody_there_is_unreachable_and_refused(monkeypatch, stub):
    """Nothing was sent, so nothing is unknown."""
    stub.url = "http://127.0.0.1:1"
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.identity()
    assert (caught.value.outcome, caught.value.code) == ("refused", "Unreachable")


async def test_no_credentials_are_said(monkeypatch, stub, tmp_path):
    """A clear word instead of a traceback."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    async with opened(stub) as aws:
        with pytest.raises(AwsError) as caught:
            await aws.identity()
    assert (caught.value.outcome, caught.value.code) == ("refused", "NoCredentials")


async def test_tenants_do_not_see_each_others_credentials(stub):
    """Many at once through one client, each signed with its own."""
    stub.roles = {str(n) * 12: str(n) * 12 for n in range(2, 9)}
    async with opened(stub) as aws, trio.open_nursery() as nursery:
        for account in stub.roles:
            nursery.start_soon(aws.call, Scope(account, REGION), "ec2", "CreateVpc", VPC)
    assert stub.asked.count("CreateVpc") == 7
    assert stub.asked.count("AssumeRole") == 7
