"""Which regions are open to an account: those since 2019 are closed until somebody opts in, and nothing can be there before."""

from sandboxd.model.errors import BadRequest
from sandboxd.model.ports import Call, Scope

FROM = "us-east-1"
"""a region that every account has: from here others are looked at"""
ALWAYS = frozenset({
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
    "sa-east-1",
})  # fmt: skip
"""regions that no account must opt in to, as AWS documents them; every region since 2019 is another one"""


async def open_regions(call: Call, account: str, role: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    """Return those that are open to the account, in their order; raise AwsError. Most need no question."""
    asked = [one for one in regions if one not in ALWAYS]
    if not asked:
        return regions
    parameters = {"AllRegions": True, "RegionNames": asked}
    answer = await call(Scope(account, FROM, role), "ec2", "DescribeRegions", parameters)
    closed = [one["RegionName"] for one in answer.get("Regions") or () if one.get("OptInStatus") == "not-opted-in"]
    return tuple(one for one in regions if one not in closed)


async def check_region(call: Call, scope: Scope, *, prepared: bool) -> None:
    """Raise BadRequest `region_not_enabled` where the account has not opted in to its region, or AwsError.

    `prepared`: sandboxd opts its accounts in to this region by itself.
    """
    if await open_regions(call, scope.account, scope.role, (scope.region,)):
        return
    command = f"`aws account enable-region --account-id {scope.account} --region-name {scope.region}`"
    how = (
        "It is being opted in to, which takes minutes, sometimes hours: create it then"
        if prepared
        else f"{command} in the management account; it takes minutes, sometimes hours"
    )
    raise BadRequest(
        "region_not_enabled",
        f"The account {scope.account} has not opted in to the region {scope.region} yet.",
        f"{how}. Or choose another region.",
        "/region",
    )
