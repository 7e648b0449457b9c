"""Ways into a sandbox through the Envoys of its account and region: parts of one configuration, there when every Envoy runs it.

They stand loosely on the Envoys' agents: a machine made anew gets the whole configuration with the next writing.
"""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import convert

from sandboxd.aws.kind import Ask, Content, Item, Kind, Made, Move, Parameters, Reading, Running, Said, Seen
from sandboxd.ingress.content import EMPTY, content
from sandboxd.ingress.flaws import validate_parts
from sandboxd.ingress.parts import Part
from sandboxd.ingress.said import delivered, runs
from sandboxd.ingress.scripts import deliver, report
from sandboxd.model.kind import KindSpec, Role
from sandboxd.model.resource import Usual

RUNNING, ONLINE = 2, 2
SPEC = KindSpec(
    name="ingress-route",
    roles=(Role("agents", ONLINE, 1, loose=True), Role("machine", RUNNING, 1)),
    up={1: Usual(6, 12)},
    down={1: Usual(6, 12)},
)
_SAME = ("route", "layer", "port", "host", "listen", "encrypted", "connections", "tenant", "name", "sandbox")
_SAID: Final[dict[str, Literal["runs", "other", "bad", "again"]]] = {
    "delivered": "runs",
    "there": "runs",
    "other": "other",
    "invalid": "bad",
    "rejected": "bad",
}


def _part(ask: Ask) -> Parameters:
    address = next((facts.get("address", "") for facts in ask.ground.get("machine", ())), "")
    given = {name: ask.parameter(name) for name in _SAME}
    return {"address": address, **{name: value for name, value in given.items() if value is not None}}


def _typed(parts: Sequence[Parameters]) -> list[Part]:
    return [convert(part, Part) for part in parts]


def _sift(parts: Sequence[Parameters]) -> list[str]:
    typed = _typed(parts)
    words: dict[str, list[str]] = {}
    for flaw in validate_parts(typed):
        words.setdefault(flaw.part, []).append(f"{flaw.detail}. {flaw.hint}")
    seen: dict[str, bool] = {}
    out = []
    for part in typed:
        out.append("" if part.key in seen else " ".join(words.get(part.key, ())))
        seen[part.key] = True
    return out


def _make(parts: Sequence[Parameters], sequence: int) -> Made:
    made = content(_typed(parts), sequence)
    return Made(made.version, lambda expected: deliver(made, expected))


def _read(text: str) -> Said | None:
    said = delivered(text)
    if said is None:
        return None
    outcome = _SAID.get(said.outcome, "again")
    if outcome == "runs" and said.runs != said.version:  # that it was delivered is no proof
        words = f"Envoy still runs version {said.runs or 'unknown'}, wanted {said.version}"
        return Said(outcome="again", version=said.version, words=words)
    words = said.detail or said.outcome
    if said.outcome == "unproved" and said.runs:
        words = f"Envoy still runs version {said.runs}, wanted {said.version}"
    return Said(outcome=outcome, version=said.version, words=words, bad=said.bad)


def _hears(text: str) -> Running | None:
    said = runs(text)
    return Running(said.files, said.version, said.edited) if said is not None and said.answers else None


def judge(_: Item, __: Ask) -> Seen | None:
    """Nothing in AWS shows it: the machines themselves say what they run."""
    return None


KIND = Kind(
    spec=SPEC,
    service="ssm",
    reading=Reading(operation="", member="", identity="", id_filter=""),
    judge=judge,
    tagged=False,
    watched=False,
    content=Content(
        bearers="agents", owner="sandbox", sift=_sift, make=_make, read=_read, first=EMPTY, asks=report(), hears=_hears
    ),
    moves={
        ("raise", 1): Move(operation="", parameters=_part),
        ("rebind", 1): Move(operation="", parameters=_part),
        ("lower", 0): Move(operation="", parameters=_part),
    },
)
