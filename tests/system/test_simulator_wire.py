"""The simulator over a real port: protocols, credentials and errors as an unmodified botocore reads them."""

import json
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

import pytest
import trio
from botocore.exceptions import ClientError, HTTPClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError
from simwire import KEYS, REGION, Served, served

from sandboxd.simulator.furnish import MANAGEMENT
from sandboxd.simulator.gate import Fault
from sandboxd.simulator.refusals import BROKEN


def once(operation, fault):
    """A hook that disturbs the first call of an operation."""
    left = [fault]
    return lambda q: left.pop() if left and q.operation == operation else None


async def refused(call) -> ClientError:
    with pytest.raises(ClientError) as caught:
        await call
    return caught.value


def code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


async def ask(sim: Served, path: str, data: bytes | None = None):
    def fetch():
        with urllib.request.urlopen(f"{sim.endpoint}/_simulator/{path}", data=data, timeout=10) as answer:
            return json.load(answer)

    return await trio.to_thread.run_sync(fetch)


async def test_a_round_trip_in_each_protocol():
    """ec2, query and json: structures, lists, times, flags and empty members survive."""
    async with served() as sim:
        sts, org = await sim.client("sts"), await sim.client("organizations")
        assert (await sts.get_caller_identity())["Account"] == MANAGEMENT
        accounts = (await org.list_accounts())["Accounts"]
        assert [one["Name"] for one in accounts] == ["Model Bank Management", "sandbox-pool-001", "sandbox-pool-002"]
        assert accounts[0]["JoinedTimestamp"].tzinfo is not None
        ec2 = await sim.member("ec2")
        tags = [{"Key": "sandboxd:key", "Value": 'eu-central-1/shared/<vpc> & "more" äöü'}]
        specs = [{"ResourceType": "vpc", "Tags": tags}]
        made = (await ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specs))["Vpc"]
        assert made["State"] == "pending" and made["Ipv6CidrBlockAssociationSet"] == []
        by_tag = [{"Name": "tag:sandboxd:key", "Values": [tags[0]["Value"]]}]
        (vpc,) = (await ec2.describe_vpcs(Filters=by_tag))["Vpcs"]
        assert vpc["VpcId"] == made["VpcId"] and vpc["Tags"] == tags and vpc["IsDefault"] is False
        assert "Ipv6CidrBlockAssociationSet" not in vpc
        gateway = (await ec2.create_internet_gateway())["InternetGateway"]
        assert gateway["Attachments"] == [] and gateway["Tags"] == []


async def test_a_service_whose_paths_say_what_is_asked():
    """rest-json: a read without a body, parameters in the query, a refusal by its header."""
    async with served() as sim:
        gateway, account = await sim.member("apigateway"), sim.simulator.accounts[0]
        assert (await gateway.get_vpc_links())["items"] == []
        for number in range(3):
            link = sim.simulator.world.rows.make("vpc-link", account, REGION, 0.0, f"link{number}")
            link.data, link.refs = {"name": "l", "description": ""}, {"balancer": "arn"}
        first = await gateway.get_vpc_links(limit=2)
        rest = await gateway.get_vpc_links(limit=2, position=first["position"])
        assert [one["id"] for one in first["items"] + rest["items"]] == ["link0", "link1", "link2"]
        with pytest.raises(ClientError, match=r"BadRequestException.*one Network Load Balancer"):
            await gateway.create_vpc_link(name="l", targetArns=["arn:nobody"])


async def profile(sim):
    """A profile that lets the agent in, and that EC2 knows."""
    iam, role, named = await sim.member("iam"), {"RoleName": "agent"}, {"InstanceProfileName": "agent"}
    policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    await iam.create_role(**role, AssumeRolePolicyDocument="{}")
    await iam.attach_role_policy(**role, PolicyArn=policy)
    await iam.create_instance_profile(**named)
    await iam.add_role_to_instance_profile(**role, **named)
    await trio.sleep(0.02)
    return {"Name": "agent"}


async def test_a_fleet_over_the_wire():
    """AppStream by whatever protocol this botocore speaks to it: maps, lists of structures, times, refusals."""
    async with served() as sim:
        mine, theirs = await sim.member("appstream"), await sim.client("appstream")
        image = (await theirs.describe_images())["Images"][0]
        shared = {"Name": image["Name"], "SharedAccountId": sim.simulator.accounts[0]}
        await theirs.update_image_permissions(**shared, ImagePermissions={"allowFleet": True})
        asked = {"Name": "f", "InstanceType": "stream.standard.medium", "ComputeCapacity": {"DesiredInstances": 1}}
        made = (await mine.create_fleet(**asked, ImageArn=image["Arn"], Tags={"sandboxd:key": 'a <b> & "c"'}))["Fleet"]
        assert (made["State"], made["FleetErrors"], made["CreatedTime"].tzinfo is None) == ("STOPPED", [], False)
        tags = (await mine.list_tags_for_resource(ResourceArn=made["Arn"]))["Tags"]
        assert tags == {"sandboxd:key": 'a <b> & "c"'}
        await mine.start_fleet(Name="f")
        (fleet,) = (await mine.describe_fleets(Names=["f"]))["Fleets"]
        assert [one["ErrorCode"] for one in fleet["FleetErrors"]] == ["IAM_SERVICE_ROLE_IS_MISSING"]
        error = await refused(mine.describe_fleets(Names=["g"]))
        assert (code(error), error.response["Error"]["Message"]) == (
            "ResourceNotFoundException", "Fleet g could not be found.",
        )  # fmt: skip


async def test_a_life_of_a_machine_over_the_wire():
    """Launch by the public image's parameter; agent; stop; terminate; nothing is left."""
    async with served() as sim:
        ec2, ssm = await sim.member("ec2"), await sim.member("ssm")
        name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
        image = (await ssm.get_parameter(Name=name))["Parameter"]["Value"]
        asked = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "ClientToken": "one"}
        asked["IamInstanceProfile"] = await profile(sim)
        (machine,) = (await ec2.run_instances(**asked))["Instances"]
        one = [machine["InstanceId"]]
        assert (await ec2.run_instances(**asked))["Instances"][0]["InstanceId"] == one[0]

        async def until(state):
            with trio.fail_after(20):
                while True:
                    answer = await ec2.describe_instances(InstanceIds=one)
                    seen = answer["Reservations"][0]["Instances"][0]
                    if seen["State"]["Name"] == state:
                        return seen

        assert (await until("running"))["StateTransitionReason"] == ""
        with trio.fail_after(20):
            while not (await ssm.describe_instance_information())["InstanceInformationList"]:
                pass
        answer = await ec2.stop_instances(InstanceIds=one)
        assert answer["StoppingInstances"][0]["PreviousState"] == {"Code": 16, "Name": "running"}
        await until("stopped")
        assert (await ssm.describe_instance_information())["InstanceInformationList"] == []
        await ec2.terminate_instances(InstanceIds=one)
        assert "VpcId" not in await until("terminated")
        assert [one["kind"] for one in sim.simulator.inventory()] == ["role", "instance-profile"]


async def test_errors_in_the_form_of_each_protocol():
    """Code, words and HTTP status."""
    async with served() as sim:
        ec2, org, ssm = await sim.member("ec2"), await sim.client("organizations"), await sim.client("ssm")
        error = await refused(ec2.delete_vpc(VpcId="vpc-00000000000000000"))
        assert error.response["Error"] == {
            "Code": "InvalidVpcID.NotFound", "Message": "The vpc ID 'vpc-00000000000000000' does not exist",
        }  # fmt: skip
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        error = await refused(org.list_parents(ChildId="999999999999"))
        assert code(error) == "ChildNotFoundException" and "doesn't exist" in error.response["Error"]["Message"]
        assert code(await refused(ssm.get_parameter(Name="/nothing"))) == "ParameterNotFound"
        filters = [{"Name": "colour", "Values": ["red"]}]
        assert code(await refused(ec2.describe_vpcs(Filters=filters))) == "InvalidParameterValue"
        assert code(await refused(ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True))) == "DryRunOperation"
        assert code(await refused(ec2.describe_key_pairs())) == "InvalidAction"


async def test_who_may_do_what():
    """Unknown keys in each service's words; roles only from the management account; expired sessions."""
    async with served() as sim:
        wrong = ("AKIAWRONG00000000000", "x")
        ec2, sts = await sim.client("ec2", wrong), await sim.client("sts", wrong)
        assert code(await refused(ec2.describe_vpcs())) == "AuthFailure"
        assert code(await refused(sts.get_caller_identity())) == "InvalidClientTokenId"
        org = await sim.client("organizations", wrong)
        assert code(await refused(org.list_roots())) == "UnrecognizedClientException"
        member = await sim.member("sts")
        first, second = sim.simulator.accounts
        assert (await member.get_caller_identity())["Account"] == first
        role = f"arn:aws:iam::{second}:role/OrganizationAccountAccessRole"
        assert code(await refused(member.assume_role(RoleArn=role, RoleSessionName="test"))) == "AccessDenied"
        member_org = await sim.member("organizations")
        assert code(await refused(member_org.list_roots())) == "AccessDeniedException"


async def test_a_session_ends_in_simulated_time_and_the_date_says_so():
    """Expiration less the Date of the same reply is what was asked for, whatever the pace; then ExpiredToken."""
    now = [1_790_000_000.0]
    async with served(pace=1000.0, real=lambda: now[0]) as sim:
        sts = await sim.client("sts")
        role = f"arn:aws:iam::{sim.simulator.accounts[0]}:role/OrganizationAccountAccessRole"
        answer = await sts.assume_role(RoleArn=role, RoleSessionName="test", DurationSeconds=900)
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        assert abs((answer["Credentials"]["Expiration"] - date).total_seconds() - 900) < 2
        member, ec2, ssm = await sim.member("sts"), await sim.member("ec2"), await sim.member("ssm")
        now[0] += 43.3
        ended = [await refused(call) for call in (
            member.get_caller_identity(), ec2.describe_vpcs(), ssm.describe_instance_information(),
        )]  # fmt: skip
        assert [(code(one), one.response["ResponseMetadata"]["HTTPStatusCode"]) for one in ended] == [
            ("ExpiredToken", 403), ("RequestExpired", 400), ("ExpiredTokenException", 400),
        ]  # fmt: skip


async def test_pages_over_the_wire():
    """botocore's own paginators see everything once."""
    async with served(pool=30) as sim:
        org = await sim.client("organizations")
        pages = [page["Accounts"] async for page in org.get_paginator("list_accounts").paginate()]
        assert [len(page) for page in pages] == [20, 11]
        ec2 = await sim.member("ec2")
        listing = ec2.get_paginator("describe_subnets").paginate(PaginationConfig={"PageSize": 5})
        assert len({subnet["SubnetId"] async for page in listing for subnet in page["Subnets"]}) == 3


async def test_a_lost_reply_and_a_refusal():
    """A lost reply cuts the connection and the effect is there; a scripted refusal has its status."""
    async with served() as sim:
        ec2 = await sim.member("ec2")
        sim.simulator.world.hook = once("CreateVpc", Fault(effect="now", reply="cut"))
        with pytest.raises(HTTPClientError):
            await ec2.create_vpc(CidrBlock="10.0.0.0/16")
        assert [item["kind"] for item in sim.simulator.inventory()] == ["vpc"]
        sim.simulator.world.hook = once("CreateVpc", BROKEN.fault)
        error = await refused(ec2.create_vpc(CidrBlock="10.1.0.0/16"))
        assert code(error) == "InternalError" and error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert len(sim.simulator.inventory()) == 1
        assert [line.split(maxsplit=5)[4:] for line in sim.narrated] == [
            ["CreateVpc", sim.simulator.inventory()[0]["id"]], ["CreateVpc", "refused: InternalError"],
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("how", "heard"),
    [("cut", HTTPClientError), ("reset", HTTPClientError), ("hang", ReadTimeoutError),
     ("empty", ResponseParserError), ("truncated", ResponseParserError)],
)  # fmt: skip
async def test_how_replies_are_lost(how, heard):
    """As a client of AWS meets it: nothing, a reset, silence, an empty 200, half a body; the effect is there."""
    async with served() as sim:
        client = await sim.client("ec2", read_timeout=0.5)
        sim.simulator.world.hook = lambda _: Fault(effect="now", reply=how)
        with trio.fail_after(10), pytest.raises(heard):
            await client.create_internet_gateway()
        entry = sim.simulator.world.log.since(0)[-1]
        assert entry.error == "" and len(entry.changes) == 1


@pytest.mark.parametrize("how", ["empty", "truncated"])
async def test_half_of_a_json_body_is_no_error_to_botocore(how):
    """A trap for whoever reads a listing: an answer without its list, and nobody said that anything is wrong."""
    async with served() as sim:
        client = await sim.client("organizations")
        sim.simulator.world.hook = lambda _: Fault(effect="now", reply=how)
        assert set(await client.list_accounts()) == {"ResponseMetadata"}


@pytest.mark.parametrize(("how", "error"), [("cut", b""), ("reset", ConnectionResetError)])
async def test_an_end_of_stream_and_a_reset_are_two_things(how, error):
    """On the socket itself."""
    async with served() as sim:
        sim.simulator.world.hook = lambda _: Fault(reply=how)
        host, _, port = sim.endpoint.removeprefix("http://").partition(":")
        body = b"Action=DescribeVpcs&Version=2016-11-15"
        head = [b"POST / HTTP/1.1", b"Host: x", b"Content-Length: %d" % len(body)]
        head += [f"{name}: {value}".encode() for name, value in signed("ec2").items()]
        stream = await trio.open_tcp_stream(host, int(port))
        async with stream:
            await stream.send_all(b"\r\n".join(head) + b"\r\n\r\n" + body)
            with trio.fail_after(10):
                if error == b"":
                    assert await stream.receive_some() == b""
                else:
                    with pytest.raises(trio.BrokenResourceError) as caught:
                        await stream.receive_some()
                    assert isinstance(caught.value.__cause__, error)


async def test_real_clients_meet_throttles():
    """By default: the bucket of an API empties, and refills with simulated time; refused in each service's form."""
    now = [1_790_000_000.0]
    async with served(pace=1000.0, real=lambda: now[0]) as sim:
        org = await sim.client("organizations")
        for _ in range(2):
            await org.describe_organization()
        error = await refused(org.describe_organization())
        assert (code(error), error.response["ResponseMetadata"]["HTTPStatusCode"]) == ("TooManyRequestsException", 400)
        now[0] += 0.002
        await org.describe_organization()
        ec2 = await sim.member("ec2")
        for _ in range(50):
            await ec2.describe_instances()
        error = await refused(ec2.describe_instances())
        assert (code(error), error.response["ResponseMetadata"]["HTTPStatusCode"]) == ("RequestLimitExceeded", 503)
        await ec2.describe_instances(MaxResults=5)


async def test_many_at_once():
    """Fifty connections, each answered with its own; nobody waits for the others."""
    async with served() as sim:
        ec2 = await sim.member("ec2")
        sim.simulator.world.quotas["internet_gateways"] = 51
        found = []

        async def one(n):
            await ec2.create_internet_gateway(
                TagSpecifications=[{"ResourceType": "internet-gateway", "Tags": [{"Key": "n", "Value": str(n)}]}]
            )
            filters = [{"Name": "tag:n", "Values": [str(n)]}]
            found.extend((await ec2.describe_internet_gateways(Filters=filters))["InternetGateways"])

        async with trio.open_nursery() as nursery:
            for n in range(50):
                nursery.start_soon(one, n)
        assert sorted(int(one["Tags"][0]["Value"]) for one in found) == list(range(50))


async def test_the_witness():
    """Inventory, counts, the bound of a phase, and the clock."""
    async with served() as sim:
        ec2 = await sim.member("ec2")
        before = (await ask(sim, "mark", b""))["mark"]
        vpc = (await ec2.create_vpc(CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
        subnet = (await ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24"))["Subnet"]["SubnetId"]
        await ec2.describe_subnets()
        after = (await ask(sim, "mark", b""))["mark"]
        await ec2.delete_subnet(SubnetId=subnet)
        counts = await ask(sim, f"calls?mark={before}&until={after}")
        assert counts["operations"] == {"ec2:CreateVpc": 1, "ec2:CreateSubnet": 1, "ec2:DescribeSubnets": 1}
        assert (counts["calls"], counts["mutations"], counts["refused"]) == (3, 2, 0)
        seen = await ask(sim, f"bound?mark={before}&until={after}")
        assert [link["operation"] for link in seen["chain"]] == ["CreateVpc", "CreateSubnet"]
        assert seen["bound_seconds"] == pytest.approx(sum(link["seconds"] for link in seen["chain"]))
        assert [(item["kind"], item["id"]) for item in await ask(sim, "inventory")] == [("vpc", vpc)]
        clock = await ask(sim, "clock")
        assert abs(clock["origin"] + (time.time() - clock["origin"]) * clock["pace"] - clock["now"]) < clock["pace"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("mark", None, 405), ("nothing", None, 404), ("bound?mark=x", None, 400), ("inventory", b"", 405)],
)
async def test_the_witness_refuses_nonsense(path, body, status):
    """With a status, not with a crash."""
    async with served() as sim:
        with pytest.raises(urllib.error.HTTPError) as caught:
            await ask(sim, path, body)
        with caught.value:
            assert caught.value.code == status


def signed(service: str) -> dict[str, str]:
    scope = f"{KEYS[0]}/20261125/eu-central-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


@pytest.mark.parametrize(
    ("headers", "body", "says"),
    [
        ({}, b"Action=DescribeVpcs", b"MissingAuthenticationToken"),
        ({"Authorization": "Bearer x"}, b"", b"MissingAuthenticationToken"),
        (signed("ec2"), b"Action=NoSuchThing&Version=2016-11-15", b"InvalidAction"),
        (signed("ec2"), b"\xff\xfe", b"MalformedQueryString"),
        (signed("ec2"), b"Action=DescribeVpcs&VpcId=x", b"MalformedQueryString"),
        (signed("ec2"), b"Action=DescribeVpcs&Filter.x.Name=a", b"MalformedQueryString"),
        (signed("ec2"), b"Action=DescribeVpcs&Colour=red", b"UnknownParameter"),
        (signed("ec2"), b"Action=CreateSubnet&CidrBlock=10.0.0.0/24", b"MissingParameter"),
        (signed("ec2"), b"Action=RunInstances&MinCount=one&MaxCount=1", b"MalformedQueryString"),
        (signed("organizations"), b"{", b"SerializationException"),
        (signed("organizations"), b"[]", b"SerializationException"),
        (signed("appstream2"), b"", b"UnrecognizedClientException"),
        (signed("s3"), b"", b"UnrecognizedClientException"),
        (signed("iam"), b"Action=ListUsers&Version=2010-05-08", b"InvalidAction"),
    ],
)
async def test_nonsense_is_refused_in_aws_words(headers, body, says):
    """Whatever comes in, a 4xx with a code goes out."""

    def post(url):
        target = {"X-Amz-Target": "AWSOrganizationsV20161128.ListRoots"}
        try:
            urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers | target), timeout=10)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    async with served() as sim:
        status, answer = await trio.to_thread.run_sync(post, sim.endpoint)
        assert 400 <= status < 500 and says in answer, answer
