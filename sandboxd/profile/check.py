"""What cannot be seen in one field: names that must be declared, ranges, defaults, and a request's parameters."""

import difflib
import ipaddress
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandboxd.model.errors import BadRequest
from sandboxd.model.ids import is_name
from sandboxd.model.profile import MACHINE, SECRET, Image, Profile, ProfileParameter, Rule
from sandboxd.toml.decode import Mistake
from sandboxd.toml.places import Path, Places

SMALLEST_NETWORK = 19
"""a prefix: /19 has 32 subnets of /24, of which 16 are for sandboxes"""
_PARAMETER = re.compile(r"[a-z][a-z0-9_]{0,30}")
Found = Iterator[tuple[Path, str, str]]
_TYPES: dict[str, tuple[type, ...]] = {"boolean": (bool,), "string": (str,), "integer": (int,), "number": (int, float)}


def mistakes_of(profile: Profile, places: Places, name: str) -> list[Mistake]:
    """Every mistake across fields, with its place."""
    out = []
    for path, words, hint in _all(profile):
        place = places.find(path)
        said = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
        out.append(Mistake(f"{name}:{place.line}:{place.column}", said, words, hint, place.text))
    return out


def _all(profile: Profile) -> Found:
    yield from _parameters(profile)
    yield from _machines(profile)
    yield from _references(profile)
    yield from _doubles(profile)
    yield from _secrets(profile)
    yield from _names(profile)
    yield from _sources(profile)
    yield from _repositories(profile)
    if not _is_network(profile.network.cidr, longest=SMALLEST_NETWORK):
        words = f"{profile.network.cidr!r} is no IPv4 range of /16 to /{SMALLEST_NETWORK}"
        yield ("network", "cidr"), words, "its first 16 subnets are shared, each sandbox takes one of the others"


def _repositories(profile: Profile) -> Found:
    for index, name in enumerate(profile.repositories):
        if not re.fullmatch(r"[a-z0-9*]+(?:[._/-]+[a-z0-9*]+)*", name):
            hint = "a name as ECR has it (a-z, 0-9, and . _ - / between them), * for anything"
            yield ("repositories", index), f"{name!r} is no name of a repository", hint
        if name in profile.repositories[:index]:
            yield ("repositories", index), f"{name!r} is named twice", ""


def _names(profile: Profile) -> Found:
    """Keys of tables become names of resources and of options: none may mean two things."""
    for name in profile.parameters:
        if not _PARAMETER.fullmatch(name):
            yield ("parameters", name), f"{name!r} is no name of a parameter", "a-z, then a-z, 0-9 and _"
    taken = {"subnet": "its subnet", "subnet-assoc": "its subnet"}
    for name, machine in profile.machines.items():
        if not is_name(name):
            yield ("machines", name), f"{name!r} is no name of a machine", "a-z, then a-z, 0-9 and -; at most 31"
        rules = [f"{name}-{way}-{n}" for way in ("egress", "ingress") for n, _ in enumerate(getattr(machine, way), 1)]
        doors = [f"{name}-from-{who}-{port}" for who, port in dict.fromkeys(_doors(profile, name))]
        for resource in (name, f"{name}-sg", *rules, *doors):
            if resource in taken:
                yield ("machines", name), f"the name {resource!r} is taken by {taken[resource]}", ""
            taken.setdefault(resource, f"machine {name!r}")


def _doors(profile: Profile, machine: str) -> Iterator[tuple[str, str]]:
    """Who is let into a machine from outside the sandbox, and the ports as names of rules have them."""
    for route in profile.ingress.routes if profile.ingress is not None else ():
        if route.machine == machine:
            yield "envoy", str(route.port)
    for one in profile.smart_client.access if profile.smart_client is not None else ():
        if one.machine == machine:
            yield "desktop", str(one.port) if one.to_port is None else f"{one.port}-{one.to_port}"


def _sources(profile: Profile) -> Found:
    """Who may come in is said: by ranges before the load balancers, by peers before machines."""
    ingress = profile.ingress
    if ingress is not None and ingress.routes and not ingress.sources:
        words = "`sources` is missing: the ranges that may reach the load balancers"
        yield ("ingress",), words, 'the whole internet is sources = ["0.0.0.0/0"], which a plan warns of'
    for index, source in enumerate(ingress.sources if ingress is not None else ()):
        if not _is_network(source, longest=32):
            yield ("ingress", "sources", index), f"{source!r} is no IPv4 range", ""
    if not _is_network(profile.network.cidr, longest=SMALLEST_NETWORK):
        return
    for name, index, rule in open_to_neighbours(profile):
        words = f"{rule.cidr!r} holds addresses of {profile.network.cidr}: other sandboxes of the account could come in"
        yield ("machines", name, "ingress", index), words, "name a `peer`; what comes from outside comes by [ingress]"


def open_to_neighbours(profile: Profile) -> Iterator[tuple[str, int, Rule]]:
    """Rules by which a machine of another sandbox in the same network would be let in: machine, number, rule."""
    network = ipaddress.IPv4Network(profile.network.cidr)
    for name, machine in profile.machines.items():
        for index, rule in enumerate(machine.ingress):
            if (
                rule.cidr is not None
                and _is_range(rule.cidr)
                and network.overlaps(ipaddress.IPv4Network(rule.cidr, strict=False))
            ):
                yield name, index, rule


def _parameters(profile: Profile) -> Found:
    for name, declared in profile.parameters.items():
        if declared.choices and declared.type != "string":
            yield ("parameters", name, "choices"), f"only a string has choices, this is a {declared.type}", ""
        if wrong := _wrong_type(declared, declared.default):
            yield ("parameters", name, "default"), wrong, ""
    uses = [("constellations", i, one.when) for i, one in enumerate(profile.constellations)]
    if profile.ingress is not None:
        uses += [("ingress", i, one.when) for i, one in enumerate(profile.ingress.routes)]
    if profile.smart_client is not None:
        uses.append(("smart_client", 0, profile.smart_client.when))
    for section, index, when in uses:
        path: Path = {"constellations": (section, index, "when"), "ingress": (section, "routes", index, "when")}.get(
            section, (section, "when")
        )
        if when is None:
            continue
        if when not in profile.parameters:
            yield path, f"the parameter {when!r} is not declared", _near(when, profile.parameters)
        elif profile.parameters[when].type != "boolean":
            yield path, f"the parameter {when!r} is no boolean", ""


def _machines(profile: Profile) -> Found:
    if not profile.machines:
        yield ("machines",), "a profile needs at least one machine", ""
    envoy = profile.ingress.image if profile.ingress is not None else None
    if envoy is not None and (wrong := _wrong_image(envoy)):
        yield ("ingress", "image"), wrong, ""
    for name, machine in profile.machines.items():
        if wrong := _wrong_image(machine.image):
            yield ("machines", name, "image"), wrong, ""
        for way in ("egress", "ingress"):
            for index, rule in enumerate(getattr(machine, way)):
                for words, hint in _wrong_rule(rule, profile):
                    yield ("machines", name, way, index), words, hint


def _wrong_image(image: Image) -> str:
    ways = [image.management is not None, image.owner is not None or image.name is not None, image.ssm is not None]
    if sum(ways) != 1:
        return "an image is exactly one of {management}, {owner, name} or {ssm}"
    if ways[1] and (image.owner is None or image.name is None):
        return "an image of an owner needs `owner` and `name`"
    return ""


def _wrong_rule(rule: Rule, profile: Profile) -> Iterator[tuple[str, str]]:
    if (rule.cidr is None) == (rule.peer is None):
        yield "a rule needs either `cidr` or `peer`", ""
    if rule.cidr is not None and not _is_range(rule.cidr):
        yield f"{rule.cidr!r} is no IPv4 range", ""
    if rule.peer is not None and rule.peer not in profile.machines:
        yield f"there is no machine {rule.peer!r}", _near(rule.peer, profile.machines)
    if rule.protocol in ("tcp", "udp") and rule.port is None:
        yield f"a {rule.protocol} rule needs a port", ""
    if rule.to_port is not None and (rule.port is None or rule.to_port < rule.port):
        yield "`to_port` lies below `port`", ""


def _references(profile: Profile) -> Found:
    named: list[tuple[Path, str]] = [
        (("constellations", i, "machine"), one.machine) for i, one in enumerate(profile.constellations)
    ]
    named += [(("probes", i, "machine"), one.machine) for i, one in enumerate(profile.probes)]
    if profile.ingress is not None:
        routes = enumerate(profile.ingress.routes)
        named += [(("ingress", "routes", i, "machine"), one.machine) for i, one in routes]
    named += [
        (("constellations", i, "values", key), value.removeprefix(MACHINE))
        for i, one in enumerate(profile.constellations)
        for key, value in one.values.items()
        if value.startswith(MACHINE)
    ]
    if profile.smart_client is not None:
        named += [
            (("smart_client", "access", i, "machine"), one.machine) for i, one in enumerate(profile.smart_client.access)
        ]
    for path, machine in named:
        if machine not in profile.machines:
            yield path, f"there is no machine {machine!r}", _near(machine, profile.machines)


def _secrets(profile: Profile) -> Found:
    known = {secret.name: secret for secret in profile.secrets}
    for index, one in enumerate(profile.constellations):
        for key, value in one.values.items():
            name = value.removeprefix(SECRET)
            if name != value and name not in known:
                yield ("constellations", index, "values", key), f"there is no secret {name!r}", _near(name, known)


def _doubles(profile: Profile) -> Found:
    named: list[tuple[Path, Sequence[Any]]] = [
        (("constellations",), profile.constellations), (("secrets",), profile.secrets), (("probes",), profile.probes),
        (("ingress", "routes"), profile.ingress.routes if profile.ingress else ()),
    ]  # fmt: skip
    for path, things in named:
        seen: dict[str, bool] = {}
        for index, one in enumerate(things):
            if one.name in seen:
                yield (*path, index, "name"), f"the name {one.name!r} is taken twice", ""
            seen[one.name] = True


def _is_network(text: str, *, longest: int) -> bool:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return longest == 32 or 16 <= network.prefixlen <= longest  # noqa: PLR2004 - AWS's own bounds


def _is_range(text: str) -> bool:
    """Whether it says a range, if need be by an address inside it."""
    try:
        ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return False
    return True


def _near(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}" if known else ""


# ---- a request's parameters
def check_parameters(profile: Profile, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a request with defaults; raise BadRequest with every mistake."""
    wrong = []
    for name, value in given.items():
        if name not in profile.parameters:
            wrong.append((name, f"{name}: there is no such parameter", _near(name, profile.parameters)))
        elif words := _wrong_type(profile.parameters[name], value):
            wrong.append((name, f"{name}: {words}", profile.parameters[name].help))
    if wrong:
        detail = "; ".join(words + (f" ({hint})" if hint else "") for _, words, hint in wrong)
        hint = f"`sandboxd profile show {profile.name}` lists the parameters."
        raise BadRequest("parameters_invalid", detail, hint, f"/parameters/{wrong[0][0]}")
    return {name: given.get(name, declared.default) for name, declared in profile.parameters.items()}


def _wrong_type(declared: ProfileParameter, value: Any) -> str:
    allowed = _TYPES[declared.type]
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        return f"{value!r} is no {declared.type}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value!r} is no {declared.type}"
    if declared.choices and value not in declared.choices:
        return f"{value!r} is none of {', '.join(declared.choices)}"
    return ""
