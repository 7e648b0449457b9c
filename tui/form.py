"""What a person fills in to create a sandbox: the checks while they type, and the requests it becomes. Pure; no Textual.

The fields of a profile's parameters are made from what the daemon says of them; nothing here knows a profile.
"""

import re
from typing import Any, Final

from msgspec import Struct, field

from sandboxd.model.ids import is_name
from sandboxd.wire import things
from sandboxd.wire.requests import NewSandbox, NewTenant

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TTL: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Filled(Struct, kw_only=True):
    """The form as it is filled in; `tenant` empty means a new one."""

    name: str = ""
    tenant: str = ""
    new_tenant: str = ""
    email: str = ""
    profile: str = ""
    ttl: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def tenant_name(self) -> str:
        """The tenant it will belong to."""
        return self.tenant or self.new_tenant


def name_trouble(name: str, taken: set[str]) -> str | None:
    """What is wrong with the name of a sandbox; None if nothing is. Empty is not wrong yet."""
    if not name or (is_name(name) and name not in taken):
        return None
    if name in taken:
        return "it exists already"
    return _grammar(name)


def tenant_trouble(name: str, taken: set[str]) -> str | None:
    """What is wrong with the name of a new tenant."""
    if not name or (is_name(name) and name not in taken):
        return None
    return "it exists already" if name in taken else _grammar(name)


def _grammar(name: str) -> str:
    if len(name) > 31:  # noqa: PLR2004 - see the grammar of names
        return "at most 31 characters"
    return "begins with a letter a-z" if not re.match(r"[a-z]", name) else "only a-z, 0-9 and hyphens"


def email_trouble(email: str) -> str | None:
    """What is wrong with an e-mail address."""
    return None if not email or _EMAIL.fullmatch(email) else "name@example.com"


def ttl_seconds(text: str) -> float | None:
    """Seconds of `8h`, `30m`, `2d`; None for nothing; raise ValueError for anything else."""
    if not text.strip():
        return None
    match = _TTL.fullmatch(text.strip())
    if match is None or not float(match[1]):
        raise ValueError("a number with s, m, h or d: 8h")
    return float(match[1]) * _UNITS[match[2]]


def ttl_trouble(text: str) -> str | None:
    """What is wrong with a lifetime."""
    try:
        ttl_seconds(text)
    except ValueError as error:
        return str(error)
    return None


def parameter_value(parameter: things.Parameter, text: str) -> Any:
    """The typed text as the parameter's type; raise ValueError with what is expected."""
    if not text.strip() and parameter.type != "string":
        return parameter.default
    match parameter.type:
        case "integer":
            if not re.fullmatch(r"[+-]?\d+", text.strip()):
                raise ValueError("a whole number")
            return int(text)
        case "number":
            if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text.strip()):
                raise ValueError("a number")
            return float(text)
        case _:
            return text


def missing(filled: Filled) -> list[str]:
    """What is still to be filled in, in the words of the form."""
    wanted = {"name": filled.name, "tenant": filled.tenant_name, "profile": filled.profile}
    if not filled.tenant:
        wanted["e-mail"] = filled.email
    return [name for name, value in wanted.items() if not value]


def sandbox_request(filled: Filled) -> NewSandbox:
    """The request to create the sandbox."""
    return NewSandbox(
        name=filled.name,
        tenant=filled.tenant_name,
        profile=filled.profile,
        parameters=dict(filled.parameters),
        ttl=ttl_seconds(filled.ttl),
    )


def tenant_request(filled: Filled) -> NewTenant | None:
    """The request to onboard the tenant first, if it is a new one."""
    return None if filled.tenant else NewTenant(name=filled.new_tenant, email=filled.email)
