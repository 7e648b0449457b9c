"""What there is by itself: regions, zones, instance types and where they are offered."""

from sandboxd.simulator.account import ALWAYS, is_open
from sandboxd.simulator.calls import Request
from sandboxd.simulator.ec2.shapes import Shape, page
from sandboxd.simulator.errors import ApiError
from sandboxd.simulator.world import World

TYPES = {
    "t3.micro": 2, "t3.small": 2, "t3.medium": 2, "t3.large": 2, "m5.large": 2, "m6i.large": 2, "m6i.xlarge": 4,
    "m6i.2xlarge": 8, "m6i.4xlarge": 16, "r6i.large": 2, "r6i.xlarge": 4, "r6i.2xlarge": 8, "r6i.4xlarge": 16,
    "m5.xlarge": 4, "m5.2xlarge": 8, "m5.4xlarge": 16, "r5.xlarge": 4, "r5.2xlarge": 8,
}  # fmt: skip
"""instance type -> vCPUs"""


def describe_availability_zones(world: World, q: Request) -> Shape:
    zones = [
        {
            "ZoneName": name, "ZoneId": zone_id, "RegionName": q.region, "State": "available", "ZoneType": "availability-zone",
            "OptInStatus": "opt-in-not-required", "Messages": [], "GroupName": q.region + "-1", "GroupLongName": f"{q.region} 1", "NetworkBorderGroup": q.region,
        }
        for name, zone_id in world.zones(q.region)
    ]  # fmt: skip
    wanted = {
        "ZoneName": q.parameters.get("ZoneNames") or _filter(q, "zone-name"),
        "ZoneId": q.parameters.get("ZoneIds") or _filter(q, "zone-id"),
        "State": _filter(q, "state"),
    }
    _refuse_unknown(q, ("zone-name", "zone-id", "state"))
    q.parameters.get("AllAvailabilityZones")  # there are no others
    fits = [zone for zone in zones if all(values is None or zone[name] in values for name, values in wanted.items())]
    return {"AvailabilityZones": fits}


def describe_regions(world: World, q: Request) -> Shape:
    every = q.parameters.get("AllRegions")
    _refuse_unknown(q, ("region-name",))
    names = q.parameters.get("RegionNames") or _filter(q, "region-name") or world.regions
    return {
        "Regions": [
            {"RegionName": name, "Endpoint": f"ec2.{name}.amazonaws.com", "OptInStatus": _opt_in(world, q, name)}
            for name in world.regions
            if name in names and (every or _opt_in(world, q, name) != CLOSED)
        ]
    }


CLOSED = "not-opted-in"


def _opt_in(world: World, q: Request, region: str) -> str:
    if region in ALWAYS:
        return "opt-in-not-required"
    return "opted-in" if is_open(world, q.account, region, q.now) else CLOSED


def describe_instance_type_offerings(world: World, q: Request) -> Shape:
    by = q.parameters.get("LocationType", "region")
    zones = world.zones(q.region)
    places = {
        "region": [(q.region, zones)],
        "availability-zone": [(zone[0], [zone]) for zone in zones],
        "availability-zone-id": [(zone[1], [zone]) for zone in zones],
    }
    if by not in places:
        raise ApiError("InvalidParameterValue", f"Value ({by}) for parameter locationType is invalid.")
    _refuse_unknown(q, ("instance-type", "location"))
    types, where = _filter(q, "instance-type"), _filter(q, "location")
    offers = [
        {"InstanceType": name, "LocationType": by, "Location": place}
        for name in TYPES
        for place, inside in places[by]
        if (types is None or name in types) and (where is None or place in where)
        if any(world.scarcity.offers(name, zone) for zone in inside)
    ]
    return page(q, offers, "InstanceTypeOfferings")


def describe_instance_types(_: World, q: Request) -> Shape:
    """Of all that AWS says of a type only what it consists of."""
    wanted = q.parameters.get("InstanceTypes") or list(TYPES)
    if unknown := [name for name in wanted if name not in TYPES]:
        words = f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
        raise ApiError("InvalidInstanceType", words)
    _refuse_unknown(q, ())
    return page(q, [_type(name) for name in wanted], "InstanceTypes")


def _type(name: str) -> Shape:
    count = TYPES[name]
    cores = max(1, count // 2)
    return {
        "InstanceType": name, "CurrentGeneration": name[:2] not in ("m5", "r5"), "Hypervisor": "nitro", "BareMetal": False,
        "VCpuInfo": {"DefaultVCpus": count, "DefaultCores": cores, "DefaultThreadsPerCore": count // cores},
    }  # fmt: skip


def _filter(q: Request, name: str) -> list[str] | None:
    return next((one["Values"] for one in q.parameters.get("Filters", ()) if one["Name"] == name), None)


def _refuse_unknown(q: Request, known: tuple[str, ...]) -> None:
    for one in q.parameters.get("Filters", ()):
        if one["Name"] not in known:
            raise ApiError("InvalidParameterValue", f"The filter '{one['Name']}' is invalid")


OPERATIONS = {
    "DescribeAvailabilityZones": describe_availability_zones,
    "DescribeRegions": describe_regions,
    "DescribeInstanceTypeOfferings": describe_instance_type_offerings,
    "DescribeInstanceTypes": describe_instance_types,
}
