"""A network with a fleet, its stack and its role, for the engine's laboratory."""

from enginelab import REGION, Driver, shared

from sandboxd.aws.kinds import specs
from sandboxd.simulator.appstream.roles import NAME
from sandboxd.simulator.furnish import DESKTOP, MANAGEMENT

FLEET, STACK, PAIR, ROLE = (shared(name) for name in ("desktop-fleet", "desktop-stack", "desktop-pair", "desktop-role"))
SUBNET, GROUP, VPC = shared("desktop-a"), shared("desktop-sg"), shared("vpc")
IMAGE = f"arn:aws:appstream:{REGION}:{MANAGEMENT}:image/{DESKTOP[0]}"
UP = {"vpc": 1, "subnet": 1, "security-group": 1, "fleet": 1, "stack": 1, "fleet-association": 1}


def nodes(instances=1):
    """A network with a fleet in it, and what a fleet needs."""
    s = specs()
    return [
        s["service-role"].node(ROLE, {}, name=NAME, service="appstream.amazonaws.com"),
        s["vpc"].node(VPC, {}, cidr="10.0.0.0/16", name="vpc"),
        s["subnet"].node(SUBNET, {"vpc": (VPC,)}, cidr="10.0.0.0/28", zone="euc1-az1", name="desktop-a"),
        s["security-group"].node(GROUP, {"vpc": (VPC,)}, name="desktop", description="desktop"),
        s["appstream-fleet"].node(
            FLEET, {"subnets": (SUBNET,), "groups": (GROUP,), "role": (ROLE,)}, name="dev-desktop", image=IMAGE,
            type="stream.standard.medium", instances=instances,
        ),
        s["appstream-stack"].node(STACK, {}, name="dev-desktop"),
        s["appstream-association"].node(PAIR, {"fleet": (FLEET,), "stack": (STACK,)}),
    ]  # fmt: skip


def driver_of(lab, instances=1, *, share=True, **settings):
    if share:
        call(lab, "UpdateImagePermissions", MANAGEMENT, **SHARED, SharedAccountId=lab.account)
    return Driver(lab, nodes(instances), **settings)


SHARED = {"Name": DESKTOP[0], "ImagePermissions": {"allowFleet": True}}


def call(lab, operation, account="", service="appstream", **parameters):
    return lab.world.call(lab.world.caller(account or lab.account), REGION, service, operation, parameters)


def fleet(lab):
    return call(lab, "DescribeFleets")["Fleets"][0]
