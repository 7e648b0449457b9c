"""What a create resolves before it is accepted: the profile, its parameters, images and zones, each with a clear refusal.

Reads only. The result is frozen into the sandbox's blueprint, so retry and start never look again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from sandboxd.engine.preflight import Given, look_up
from sandboxd.engine.resolve import resolve_images, zones
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import BadRequest, Unavailable
from sandboxd.model.keys import SHARED, make_key
from sandboxd.model.kind import KindSpec
from sandboxd.model.ports import AwsError, Call, Scope
from sandboxd.model.profile import Image, Profile
from sandboxd.model.records import Blueprint
from sandboxd.profile import check_parameters, expand, images_of, load, machine_types
from sandboxd.wire.requests import NewSandbox


class Resolved(Struct, frozen=True, kw_only=True):
    """Everything that does not depend on the account's state."""

    profile: Profile
    name: str
    stage: str
    region: str
    parameters: dict[str, object]
    images: Mapping[str, str]
    zones: Sequence[str]
    given: Given
    """what the image account must give"""
    kinds: Mapping[str, KindSpec]

    def expand(self, state: State, sandbox: str) -> Blueprint:
        """The blueprint in an account: its zone and a free place in its address plan."""
        return expand(
            self.profile,
            self.parameters,
            kinds=self.kinds,
            region=self.region,
            zone=self._zone(state),
            slot=state.free_slot(),
            sandbox_id=sandbox,
            sandbox_name=self.name,
            stage=self.stage,
            images=self.images,
        )

    def _zone(self, state: State) -> str:
        """The zone that the account uses already in this region, else the first that offers all machine types."""
        row = state.rows.get(make_key(self.region, SHARED, "public-a"))
        known = str(row.node.parameters.get("zone", "")) if row is not None and row.hi else ""
        return known or self.zones[0]


def _of_image_account(wanted: Mapping[str, Image], images: Mapping[str, str]) -> list[str]:
    return [image for ref, image in images.items() if wanted[ref].management is not None]


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

    async def resolve(self, request: NewSandbox, account: str) -> Resolved:
        """Check and resolve a request; raise BadRequest, NotFound or Unavailable with what to do next."""
        profile = load(request.profile, self._dirs)
        parameters = check_parameters(profile, request.parameters)
        region = self._region(request.region)
        scope = Scope(account=account, region=region, role=self._role)
        try:
            wanted = images_of(profile)
            images = await resolve_images(self._call, await self._image_account(), scope, wanted)
            given = await look_up(
                self._call, await self._image_account(), region, _of_image_account(wanted, images), profile.repositories
            )
            offered = await zones(self._call, scope, machine_types(profile))
        except AwsError as error:
            raise Unavailable(
                "aws_unavailable",
                f"AWS did not answer while images and zones were looked up: {error}",
                "`sandboxd doctor` says what the daemon sees; nothing was created.",
            ) from error
        return Resolved(
            profile=profile,
            name=request.name,
            stage=self._stage,
            region=region,
            parameters=parameters,
            images=images,
            zones=offered,
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
