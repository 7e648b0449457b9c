"""What a refusal means for the step that met it: a pure reading of AWS's code, the move and the way."""

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from sandboxd.aws import outcomes
from sandboxd.aws.kind import Move
from sandboxd.model.resource import Way

Meaning: TypeAlias = Literal[
    "there",
    "gone",
    "busy",
    "unseen",
    "throttled",
    "capacity",
    "access",
    "credentials",
    "unreachable",
    "died",
    "taken",
    "permanent",
]
"""there: it is so already; gone: what is lowered is not there; busy: something holds it; unseen: what it stands on is
not visible yet; throttled: ask again; capacity, access, credentials: put off; unreachable: nothing was sent; died: the
token's resource was made and is gone; taken: the token was used with other parameters; permanent: a person must do something"""


def meaning(service: str, code: str, move: Move, way: Way) -> Meaning:
    """Return what a definite refusal means; what the move itself says of a code comes first."""
    if code in move.there:
        return "there"
    if code in move.gone and way == "lower":
        return "gone"
    if code in move.busy or (code in outcomes.codes(service).dependency and way == "lower"):
        return "busy"
    return _in_general(outcomes.codes(service), code, way)


def _in_general(of: outcomes.Codes, code: str, way: Way) -> Meaning:
    sets: tuple[tuple[frozenset[str], Meaning], ...] = (
        (of.throttled | of.concurrent, "throttled"),
        (outcomes.UNREACHABLE, "unreachable"),
        (of.capacity | of.dependency, "capacity"),
        (of.access | of.young, "access"),
        (of.credentials, "credentials"),
        (of.died, "died"),
        (of.mismatch, "taken"),
    )
    for codes, what in sets:
        if code in codes:
            return what
    young = (outcomes.not_found(code) or code in of.unseen) and code not in of.given and way != "lower"
    return "unseen" if young else "permanent"


_QUOTAS: Mapping[str, str] = {
    "VcpuLimitExceeded": "Running On-Demand Standard instances (ec2 L-1216C47A)",
    "AddressLimitExceeded": "EC2-VPC Elastic IPs (ec2 L-0263D0A3)",
    "VpcLimitExceeded": "VPCs per Region (vpc L-F678F1CE)",
    "NatGatewayLimitExceeded": "NAT gateways per Availability Zone (vpc L-FE5A380F)",
    "VolumeLimitExceeded": "Storage for General Purpose SSD (gp3) volumes (ebs L-7A658B76)",
    "TooManyLoadBalancers": "load balancers per Region (elasticloadbalancing L-53DA6B97, of layer 4 L-69A177A2)",
}
"""code -> the quota as Service Quotas lists it"""
_HINTS: Mapping[str, str] = {
    "quota": "Raise this quota in the tenant's account, or free something there, then retry.",
    "mismatch": "The same client token was used with other parameters, which is a mistake of sandboxd: report it, and delete the sandbox.",
    "access": "Look at the role in the tenant's account and at the organization's policies, then retry.",
    "credentials": "AWS does not accept the credentials; `sandboxd doctor` says whose.",
    "given": "The organization does not have it: `sandboxd organization init` makes a stage's OUs; then retry.",
}


_KEY = "Enable the key of the image in the image account, or name another image in the profile; then retry."
_LOG = "Its log is /var/lib/sandboxd/install/<its name>/log on the machine; mend the cause, then retry: it alone runs again."
_PROBE = "Look at what should answer on the machine, then retry: everything else stays as it is."
_ROUTE = (
    "Change the route in the profile, or the name of the sandbox, and create it anew; if Envoy was at fault, retry."
)
_WAF = "Look at AWS Health for AWS WAF in this region; when it answers again, retry."
_SERVICE_HINTS: Mapping[tuple[str, str], str] = {
    ("ec2", "AuthFailure"): "Look at the launch permissions of the image in the image account, then retry.",
    (
        "ecr",
        "RepositoryNotFoundException",
    ): "Make the repository in the image account, or change `repositories` in the profile.",
    ("ecr", "PrincipalNotFound"): "Whether the account is active, AWS Organizations says; then retry.",
    ("ssm", "constellation_failed"): _LOG,
    ("ssm", "constellation_timed_out"): _LOG,
    ("ssm", "constellation_undelivered"): "Look at the machine's agent in Systems Manager, then retry.",
    ("ssm", "probe_failed"): _PROBE,
    ("ssm", "probe_timed_out"): _PROBE,
    ("ssm", "probe_undelivered"): "Look at the machine's agent in Systems Manager, then retry.",
    ("ssm", "ingress_rejected"): _ROUTE,
    ("wafv2", "WAFUnavailableEntityException"): _WAF,
    ("wafv2", "WAFNonexistentItemException"): _WAF,
    ("kms", "DisabledException"): _KEY,
    ("kms", "KMSInvalidStateException"): _KEY,
    ("kms", "NotFoundException"): _KEY,
    ("kms", "InvalidArnException"): "Whether the account is active, AWS Organizations says; then retry.",
}


def hint(service: str, code: str) -> str:
    """Return what a person can do about a code; empty if the code says it all."""
    if text := _SERVICE_HINTS.get((service, code)):
        return text
    if code == "WrongAccount":
        return "Credentials lead into another account; nothing was sent. Look at `aws.role`, `aws.management_role` and `aws.image_role`."
    of, bare = outcomes.codes(service), code.removeprefix("Client.")  # so begin the reasons of what died after all
    if bare in _QUOTAS:
        return f"It is the quota {_QUOTAS[bare]}. {_HINTS['quota']}"
    return next((text for name, text in _HINTS.items() if {code, bare} & getattr(of, name)), "")


def hinted(words: str, service: str, code: str) -> str:
    """Return what happened, and what a person can do about it, as sentences."""
    text = hint(service, code)
    return f"{words.rstrip('. ')}. {text}" if words and text else words or text


_POLICY = re.compile(r"arn:[\w-]*:organizations::[^\s,;]*policy/[\w/-]+")
EXPLICIT = "explicit deny"


def forbidden(message: str, what: str) -> str:
    """Return why waiting is in vain, where a policy forbids something by name; empty where it may only be too early."""
    if EXPLICIT not in message.lower():
        return ""
    policy = _POLICY.search(message)
    which = f"The policy {policy.group()}" if policy else "A policy"
    return f"{what}: {message.rstrip('. ')}. {which} forbids it: change it in the organization, then retry."


def unanswered(code: str, message: str, what: str) -> str:
    """Return why a step waits: one and the same reason for all while AWS does not accept who is asking."""
    if code in outcomes.COMMON.credentials:
        return f"AWS does not accept the credentials ({code}); everything waits, and goes on by itself when it does"
    return f"{what}: {message or code}"


def is_lasting(code: str) -> bool:
    """Whether the failure of something accepted will come again: the client's fault, as AWS calls it."""
    return code.startswith("Client.") or code in ("InsufficientFreeAddressesInSubnet", "RouteAlreadyExists")
