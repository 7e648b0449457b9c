"""The quotas of a tenant's account are compared with what a sandbox needs, before anything is created or started.

Reads only. What is not known is said in plans, and refuses nothing.
"""

from collections.abc import Callable, Iterable

from sandboxd.engine.quotas import Asked, Line, Preflight
from sandboxd.lifecycle.demand import Rise, of_blueprint, of_others
from sandboxd.lifecycle.places import zones_of
from sandboxd.lifecycle.state import State
from sandboxd.model.errors import Refusal
from sandboxd.model.ports import Scope
from sandboxd.model.records import Blueprint

CODE = "quota_too_low"


class Quotas:
    """Asks what the quotas of an account leave."""

    def __init__(self, *, preflight: Preflight, role: str) -> None:
        self._preflight, self._role = preflight, role

    async def lines(self, account: str, state: State, blueprint: Blueprint) -> list[Line]:
        """What each quota says that the sandbox takes something of."""
        scope = Scope(account, blueprint.region, self._role)
        zones = zones_of(state, blueprint.region) or blueprint.zones
        need = _asked(of_blueprint(state, blueprint))
        return await self._preflight.lines(scope, need, _others(state, blueprint.region), next(iter(zones), ""))

    async def check(self, account: str, state: State, blueprint: Blueprint) -> None:
        """Raise Refusal `quota_too_low` where one of them is."""
        for line in await self.lines(account, state, blueprint):
            if line.is_short:
                raise refusal(line, account, blueprint.region)


def _asked(rises: Iterable[Rise]) -> list[Asked]:
    return [Asked(*rise) for rise in rises]


def _others(state: State, region: str) -> Callable[[float], list[Asked]]:
    def since(moment: float) -> list[Asked]:
        rises = of_others(state, moment)
        return _asked(one for one in rises if one.node.key.startswith(f"{region}/"))

    return since


def refusal(line: Line, account: str, region: str) -> Refusal:
    """What is said of a quota that is too low."""
    unit = f" {line.unit}" if line.unit else ""
    coming = f", {_number(line.coming)} are about to be" if line.coming else ""
    return Refusal(
        CODE,
        f"The quota {line.name!r} of account {account} in {region} is {_number(line.limit or 0)}{unit}; "
        f"{_number(line.used)} are used{coming}, and the sandbox needs {_number(line.need)} more.",
        f"Ask for at least {_number(line.used + line.coming + line.need)} ({line.service} {line.code} in Service Quotas), "
        "or free something in the account.",
        status=409,
    )


def _number(value: float) -> str:
    return f"{value:g}" if value == round(value) else f"{value:.2f}"
