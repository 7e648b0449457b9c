"""Settings of the engine: bounds and patience, in seconds of the daemon's clock unless they say otherwise."""

from msgspec import Struct


class EngineSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long AWS may take to show, to land, to let go."""

    settle: float = 300
    """until a thing made by a call whose reply was lost is surely seen by every read, or was surely not made"""
    landing: float = 300
    """until a request that was given up on can surely no longer land"""
    watch: float = 1200
    """how long late arrivals are looked for after an unknown outcome"""
    relist_after: float = 60
    """between the two empty listings of a proof"""
    call_timeout: float = 60
    """real seconds for one call; after that its outcome is unknown"""
    throttled: float = 600
    """how long a step goes on asking a service that throttles before it is put off"""
    unreachable: float = 60
    """how long a step goes on asking when nothing can be sent before it is put off"""
    credentials: float = 1200
    """how long a step goes on asking while AWS does not accept the credentials before it is put off"""
    access_attempts: int = 8
    """attempts (with their back-off some ten minutes) for which `access denied` may be a role not known everywhere yet"""
