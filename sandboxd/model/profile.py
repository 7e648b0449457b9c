"""A profile: what a kind of sandbox consists of, as its TOML file says. Data only; what it makes of AWS is expanded elsewhere."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

MANAGED_RULES = (
    "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet",
)  # fmt: skip
"""groups that cost nothing extra and fit every web application"""
MACHINE = "machine:"
"""how a configuration value names the private address of a machine of the sandbox"""
SECRET = "secret:"  # noqa: S105 - no secret, but how one is named
"""beginning of a value that names a secret"""
Port = Annotated[int, Meta(ge=0, le=65535)]
Deadline = Annotated[float, Meta(ge=10, le=86_400)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,30}$")]


class ProfileParameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that a request may set."""

    type: Literal["boolean", "string", "integer", "number"]
    default: bool | str | int | float
    help: str
    choices: tuple[str, ...] = ()


class Image(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of: a name pattern in the image account, an owner with a name pattern (the newest counts), or a public SSM parameter."""

    management: str | None = None
    owner: str | None = None
    name: str | None = None
    ssm: str | None = None
    desktop: str | None = None
    """an image of AppStream of the image account"""

    @property
    def ref(self) -> str:
        """One string that says which image is meant."""
        if self.desktop is not None:
            return f"desktop:{self.desktop}"
        if self.management is not None:
            return f"management:{self.management}"
        return f"ssm:{self.ssm}" if self.ssm is not None else f"owner:{self.owner}:{self.name}"


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A way that a machine's security group leaves open; `peer` is another machine of the sandbox, or `cidr` a range."""

    protocol: Literal["tcp", "udp", "icmp", "all"] = "tcp"
    port: Port | None = None
    to_port: Port | None = None
    cidr: str | None = None
    peer: str | None = None
    description: str = ""


class Machine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A virtual machine."""

    image: Image
    type: str
    disk: Annotated[int, Meta(ge=8, le=16384)]
    """GiB"""
    summary: str = ""
    egress: tuple[Rule, ...] = ()
    ingress: tuple[Rule, ...] = ()


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The address plan of an account's VPC; each sandbox gets its own /24 of it."""

    cidr: str = "10.0.0.0/16"


class Constellation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the platform that the installer puts onto a machine."""

    name: Name
    machine: str
    when: str | None = None
    """a boolean parameter that must be set"""
    values: dict[str, str] = field(default_factory=dict)
    """configuration values; `secret:NAME` stands for a secret, which the machine reads itself, `machine:NAME` for a machine's private address"""
    command: str = ""
    """how the installer is called, where its name and values come as $CONSTELLATION and $VALUES"""
    deadline: Deadline = 3600.0
    """seconds after which a run that is not over is ended, and has failed"""


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the ingress leads to a machine."""

    name: Name
    machine: str
    port: Port
    layer: Literal["http", "tls", "tcp"] = "http"
    """http: by host name, behind the firewall; tls: passed on unopened, by its server name; tcp: by a port of its own"""
    encrypted: bool = False
    """http: whether the machine's port speaks TLS"""
    connections: Annotated[int, Meta(ge=0)] = 0
    """most at once on one Envoy; 0 is no limit of its own"""
    when: str | None = None


class Ingress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Load balancers and Envoy before the sandbox."""

    image: Image | None = None
    type: str = "t3.small"
    """of the two machines that run Envoy"""
    disk: Annotated[int, Meta(ge=8, le=16384)] = 8
    """GiB of each"""
    sources: tuple[str, ...] = ()
    """ranges that may reach the load balancers; the whole internet must be written out: 0.0.0.0/0"""
    domain: str = "sandbox.internal"
    """routes answer under `<route>-<sandbox>.<tenant>.<domain>`"""
    certificate: str = ""
    """ARN of a certificate in the tenant's account and region: then the load balancer speaks HTTPS"""
    rate_limit: Annotated[int, Meta(ge=10, le=2_000_000_000)] = 2000
    """requests that one address may send in five minutes"""
    managed_rules: tuple[str, ...] = MANAGED_RULES
    """AWS WAF's managed rule groups, in their order; those of the vendor AWS"""
    routes: tuple[Route, ...] = ()


class Access(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Ports of a machine that the Smart Client reaches."""

    machine: str
    port: Port
    to_port: Port | None = None


class SmartClient(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fleet of Windows servers with the Smart Client."""

    when: str | None = None
    image: str = ""
    """name of an AppStream image of the image account, with * and ?; the newest that matches counts"""
    type: str = "stream.standard.medium"
    instances: Annotated[int, Meta(ge=1, le=1000)] = 1
    """of the fleet"""
    access: tuple[Access, ...] = ()
    """what its fleet is let into"""


class Secret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value that is generated for each sandbox."""

    name: Name
    length: Annotated[int, Meta(ge=8, le=128)] = 32


class Probe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must answer before a sandbox counts as started."""

    name: Name
    machine: str
    kind: Literal["http", "tcp", "command"]
    """`http` wants an answer below 400, whoever signed the certificate; `tcp` a connection; `command` the exit code 0"""
    target: str
    """a URL; a port of the machine itself, or host:port; a command of its shell"""
    deadline: Deadline = 600.0
    """seconds in which it must pass"""


class Heal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is repaired by rule when somebody else changed it; what bears data never is."""

    shared: bool = True
    start: bool = True
    remake: bool = False


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A kind of sandbox."""

    name: Name
    summary: str
    parameters: dict[str, ProfileParameter] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    constellations: tuple[Constellation, ...] = ()
    ingress: Ingress | None = None
    smart_client: SmartClient | None = None
    repositories: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9*][a-z0-9*._/-]{0,254}$")], ...] = ()
    """names or patterns (with *) of the container repositories of the image account that its machines pull from"""
    secrets: tuple[Secret, ...] = ()
    probes: tuple[Probe, ...] = ()
    heal: Heal = field(default_factory=Heal)
    ttl: Annotated[float, Meta(gt=0)] | None = None
    """seconds that a sandbox lives, where the request does not say"""


Parameters = dict[str, Any]
