"""What the scripts say, read: the outcome of a delivery, what runs on a machine, and what that means for a wanted version."""

from typing import TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T")

OUTCOMES = {
    "delivered": 0, "there": 0, "other": 3, "invalid": 4, "rejected": 5, "damaged": 6, "busy": 7, "unproved": 8,
}  # fmt: skip
"""outcome → exit code. `other`, `invalid`, `damaged`, `busy`: nothing was changed; `rejected`: what ran before runs again"""
AGAIN = ("damaged", "busy", "unproved")
"""outcomes after which the same delivery may be sent again as it is"""


class Delivered(Struct, frozen=True, kw_only=True):
    """The answer of a delivery; `version` is what the files on the machine are now."""

    outcome: str
    version: str
    runs: str = ""
    """what Envoy itself says it runs; empty: it was not asked, or did not answer"""
    detail: str = ""
    bad: tuple[str, ...] = ()
    """sandboxes whose parts Envoy refuses: each judged alone, or by the listener that it could not make"""


class Runs(Struct, frozen=True, kw_only=True):
    """The answer of a report: versions that Envoy says it runs, and that the files have."""

    answers: bool
    cds: str = ""
    rds: str = ""
    lds: str = ""
    files: str = ""
    good: str = ""
    edited: bool = False
    """whether the files are others than those that were proved last"""
    rejected: int = 0
    failed: int = 0
    warming: int = 0
    detail: str = ""

    @property
    def version(self) -> str:
        """The version that runs, where it is one and nothing of it is on its way."""
        return self.lds if self.cds == self.rds == self.lds and not self.warming else ""


def delivered(output: str) -> Delivered | None:
    """Read what a delivery printed; None where it did not come to an end."""
    return _last(output, Delivered)


def runs(output: str) -> Runs | None:
    """Read what a report printed; None where there is none."""
    return _last(output, Runs)


def behind(machine: str, wanted: str, found: Runs | None) -> str:
    """Return why a machine does not count as running a version; empty: it does."""
    if found is None:
        return f"{machine} does not say what it runs"
    if not found.answers:
        return f"Envoy on {machine} does not answer"
    if found.version == wanted:
        return ""
    if found.files == wanted and found.rejected:
        return f"{machine} rejected version {wanted}: {found.detail or 'it does not say why'}"
    if not found.version:
        return f"{machine} is between versions (clusters {found.cds}, routes {found.rds}, listeners {found.lds}), wanted {wanted}"
    return f"{machine} still runs version {found.version}, wanted {wanted}"


def _last(output: str, kind: type[T]) -> T | None:
    for line in reversed(output.splitlines()):
        try:
            return msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError:
            continue
    return None
