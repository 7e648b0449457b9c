"""The bodies of requests. Unknown fields are errors with a pointer."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Name = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}(?!\n)$", description="lower-case letters, digits and hyphens")
]


class NewTenant(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Onboard a tenant into an account of the pool; `email` is a person's, never the account's root address."""

    name: Name
    email: Annotated[str, Meta(max_length=254)]
    contacts: dict[str, str] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)


class NewSandbox(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Create a sandbox in a tenant's account; `tenant` is a name or an id, `profile` a name."""

    name: Name
    tenant: str
    profile: str
    parameters: dict[str, Any] = field(default_factory=dict)
    region: str | None = None
    ttl: Annotated[float, Meta(gt=0)] | None = None
    labels: dict[str, str] = field(default_factory=dict)


class Extend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Move the moment at which a sandbox expires."""

    by: Annotated[float, Meta(gt=0)]


class RetryRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Retry an operation, or one of its steps."""

    step: str | None = None
    reason: str | None = None


class SkipRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Skip a skippable step, saying why."""

    step: str
    reason: str


class PlanRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ask what a command would do; `sandbox` for create, `target` (id or tenant/name) otherwise."""

    verb: Literal["create", "start", "stop", "delete"]
    target: str | None = None
    sandbox: NewSandbox | None = None
