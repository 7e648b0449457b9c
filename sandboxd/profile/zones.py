"""Which zones an account uses in a region: two, chosen at first use and kept, by ids that mean the same in every account. Pure."""

from collections.abc import Sequence

from sandboxd.model.errors import BadRequest

TWO = 2


def choose(region: str, kept: Sequence[str], offering: Sequence[str], *, both: bool) -> tuple[str, ...]:
    """Return the account's zones: those it has kept, filled up to two with zones that offer all that is needed.

    `both`: load balancers need two zones that offer it. Raises BadRequest where the zones will not do.
    """
    if not any(zone in kept for zone in offering) and len(kept) >= TWO:
        raise BadRequest(
            "zone_not_found",
            f"The account uses {' and '.join(kept)} of {region}, and neither offers all machine types of this profile.",
            f"Choose machine types that they offer, or another region; {', '.join(offering)} would offer them.",
            "/region",
        )
    chosen = (*kept, *(zone for zone in offering if zone not in kept))[:TWO]
    fit = [zone for zone in chosen if zone in offering]
    if both and len(fit) < TWO:
        said = f"only {fit[0]} does" if fit else "none does"
        raise BadRequest(
            "zone_not_found",
            f"Load balancers need two zones of {region} that offer all machine types of this profile, and {said}.",
            "Choose other machine types, or another region.",
            "/region",
        )
    return chosen


def in_order(chosen: Sequence[str], offering: Sequence[str]) -> tuple[str, ...]:
    """The zones of the account in which a sandbox's machines may live, the first one first."""
    return tuple(zone for zone in chosen if zone in offering)
