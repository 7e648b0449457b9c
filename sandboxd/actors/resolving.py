"""What a create resolves before it is accepted: the profile, its parameters, images and zones, each with a clear refusal.

Reads only. The result is frozen into the sandbox's blueprint, so retry and start never look again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from sandboxd.engine.preflight import Given, look_up
from sandboxd.engine.regions import check_region
from sandboxd.engine.resolve import resolve_images, subnets, zones
from sandboxd.lifecycle.places import free_ports, free_slot, network_of, ranges, zones_of
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import BadRequest, Unavailable
from sandboxd.model.kind import KindSpec
from sandboxd.model.ports import AwsError, Call, Scope
from sandboxd.model.profile import Image, Network, Profile
from sandboxd.model.records import Blueprint
from sandboxd.profile import check_parameters, expand, has_ingress, images_of, layer_4, load, machine_types
from sandboxd.profile.check import open_to_neighbours
from sandboxd.profile.network import slots_in
from sandboxd.profile.roles import region_key
from sandboxd.profile.zones import choose, in_order
from sandboxd.wire.requests import NewSandbox


class Resolved(Struct, frozen=True, kw_only=True):
    """Everything that does not depend on the account's state."""

    profile: Profile
    name: str
    stage: str
    region: str
    parameters: dict[str, object]
    images: Mapping[str, str]
    offering: Sequence[str]
    """ids of the zones that offer all its machine types"""
    shown: Sequence[str]
    """ranges of subnets that AWS shows in the account's VPC"""
    given: Given
    """what the image account must give"""
    kinds: Mapping[str, KindSpec]

    def expand(self, state: State, sandbox: str) -> Blueprint:
        """The blueprint in an account: its zones, and a free place in its address plan."""
        profile = self._in_its_network(state)
        kept = zones_of(state, self.region)
        zones = choose(self.region, kept, self.offering, both=has_ingress(profile, self.parameters))
        taken = slots_in(profile, (*self.shown, *ranges(state, self.region)))
        return expand(
            profile,
            self.parameters,
            kinds=self.kinds,
            region=self.region,
            zone=in_order(zones, self.offering)[0],
            zones=zones,
            slot=free_slot(state, taken),
            ports=free_ports(state, self.region, layer_4(profile, self.parameters)),
            sandbox_id=sandbox,
            sandbox_name=self.name,
            stage=self.stage,
            images=self.images,
            tenant=state.tenant.name if state.tenant else "",
            keys=self.given.keys,
            repositories=self.given.repositories,
        )

    def _in_its_network(self, state: State) -> Profile:
        """The profile with the range of the VPC that the account has already, whoever asked for that first."""
        _, cidr = network_of(state, self.region)
        if not cidr or cidr == self.profile.network.cidr:
            return self.profile
        profile = structs.replace(self.profile, network=Network(cidr=cidr))
        for machine, number, rule in open_to_neighbours(profile):
            raise BadRequest(
                "profile_invalid",
                f"Rule {number + 1} of ingress of the machine {machine!r} lets {rule.cidr} in, and the account's network is {cidr}.",
                "Name a peer in the profile; other sandboxes of the account could come in.",
                "/profile",
            )
        return profile


def _of_image_account(wanted: Mapping[str, Image], images: Mapping[str, str]) -> list[str]:
    return [image for ref, image in images.items() if wanted[ref].management is not None]


def _unavailable(error: AwsError) -> Unavailable:
    if error.code == "WrongAccount":
        return Unavailable(
            "account_closed",
            f"What the image account must give cannot be looked up: {error.message}.",
            "Set `aws.image_role` (or `aws.management_role`) to a role there that trusts the daemon's account; nothing was created.",
        )
    return Unavailable(
        "aws_unavailable",
        f"AWS did not answer while images and zones were looked up: {error}",
        "`sandboxd doctor` says what the daemon sees; nothing was created.",
    )


class Resolver:
    """Turns a request into what can be expanded."""

    def __init__(
        self,
        *,
        call: Call,
        kinds: Mapping[str, KindSpec],
        regions: Sequence[str],
        stage: str,
        image_account: Callable[[], Awaitable[str]],
        profile_dirs: Sequence[Path],
        role: str,
    ) -> None:
        self._call, self._kinds, self._regions, self._stage = call, kinds, regions, stage
        self._image_account, self._dirs, self._role = image_account, profile_dirs, role

    async def resolve(self, request: NewSandbox, account: str, state: State) -> Resolved:
        """Check and resolve a request; raise BadRequest, NotFound or Unavailable with what to do next."""
        profile = load(request.profile, self._dirs)
        parameters = check_parameters(profile, request.parameters)
        region = self._region(request.region)
        scope = Scope(account=account, region=region, role=self._role)
        try:
            await check_region(self._call, scope, prepared=region_key(region) in state.rows)
            wanted = images_of(profile, parameters)
            images = await resolve_images(self._call, await self._image_account(), scope, wanted)
            given = await look_up(
                self._call, await self._image_account(), region, _of_image_account(wanted, images), profile.repositories
            )
            offering = await zones(self._call, scope, _types(profile, parameters))
            shown = await subnets(self._call, scope, network_of(state, region)[0])
        except AwsError as error:
            raise _unavailable(error) from error
        return Resolved(
            profile=profile,
            name=request.name,
            stage=self._stage,
            region=region,
            parameters=parameters,
            images=images,
            offering=offering,
            shown=shown,
            given=given,
            kinds=self._kinds,
        )

    def _region(self, asked: str | None) -> str:
        region = asked or self._regions[0]
        if region not in self._regions:
            raise BadRequest(
                "region_unknown",
                f"The region {region!r} is not one of {', '.join(self._regions)}.",
                "Add it to the setting aws.regions, or choose one of these.",
                "/region",
            )
        return region


def _types(profile: Profile, parameters: dict[str, object]) -> list[str]:
    """Every instance type that its zones must offer: that of the Envoys too, where there are some."""
    envoy = [profile.ingress.type] if profile.ingress is not None and has_ingress(profile, parameters) else []
    return [*machine_types(profile), *envoy]
