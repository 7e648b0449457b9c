"""The tagging API of the simulator: it lists what is gone for six hours and lacks what is younger than five minutes."""

TAGS = [{"Key": "k", "Value": "v"}]
SPEC = [{"ResourceType": "vpc", "Tags": TAGS}]


def listed(desk, **parameters):
    """The ids that the index shows."""
    found = desk.call("GetResources", "resourcegroupstaggingapi", **parameters)
    return [one["ResourceARN"].rpartition("/")[2] for one in found["ResourceTagMappingList"]]


def made(desk, block):
    """A tagged VPC."""
    return desk.call("CreateVpc", CidrBlock=block, TagSpecifications=SPEC)["Vpc"]["VpcId"]


def test_the_young_are_missing_and_the_dead_are_listed(desk):
    """300 seconds, and 6 hours."""
    vpc = made(desk, "10.0.0.0/16")
    desk.later(299)
    assert listed(desk) == []
    desk.later(2)
    assert listed(desk) == [vpc]
    desk.call("DeleteVpc", VpcId=vpc)
    desk.later(6 * 3600 - 10)
    assert listed(desk) == [vpc]
    desk.later(20)
    assert listed(desk) == []


def test_it_knows_filters_and_pages(desk):
    """Of tags and types, as many on a page as asked for."""
    vpcs = [made(desk, f"10.{n}.0.0/16") for n in range(3)]
    desk.later(400)
    assert listed(desk, TagFilters=[{"Key": "k", "Values": ["v"]}], ResourceTypeFilters=["ec2:vpc"]) == vpcs
    assert listed(desk, TagFilters=[{"Key": "k", "Values": ["x"]}]) == []
    assert listed(desk, ResourceTypeFilters=["ec2:subnet"]) == []
    page = desk.call("GetResources", "resourcegroupstaggingapi", ResourcesPerPage=2)
    assert listed(desk, ResourcesPerPage=2, PaginationToken=page["PaginationToken"]) == vpcs[2:]


def test_it_knows_nothing_of_iam(desk):
    """Roles have tags and are not in it."""
    desk.call("CreateRole", "iam", RoleName="r", AssumeRolePolicyDocument="{}", Tags=TAGS)
    desk.later(400)
    assert listed(desk) == []
