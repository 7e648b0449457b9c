"""The recordings of real AWS, line by line: which of them are evidence of what, and how old they are.

They lie outside of this repository (`SANDBOXD_RECORDINGS`, by default `../shared/recordings` beside it) and are never
copied; everything here works without them except what reads them.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
UNDATED = "2019"
"""undated recordings lost their date to a recorder in use since then"""
_DATE = re.compile(r"20\d\d-\d\d-\d\d")


def folder() -> Path:
    """Where the recordings are, whether they are there or not."""
    return Path(os.environ.get("SANDBOXD_RECORDINGS") or ROOT.parent / "shared" / "recordings")


def at_hand() -> bool:
    """Whether there are recordings on this machine."""
    return (folder() / "index.tsv").is_file()


@dataclass(frozen=True)
class Recording:
    """One recorded answer or error."""

    service: str
    operation: str
    answer: dict[str, Any] | None
    code: str
    words: str | None
    """None where nobody kept them; AWS also says nothing at times"""
    status: int | None
    when: str
    """the day or year of the call, or the last moment that the answer mentions"""
    complete: bool
    """whether a member that is missing was missing at AWS; otherwise only what is there proves anything"""


def read() -> Iterator[Recording]:
    """Every recording that nobody suspects of having been edited, in the order of files and lines."""
    for path in sorted(folder().glob("*.jsonl")):
        for text in path.read_text().splitlines():
            line = json.loads(text)
            if not line.get("suspect"):
                yield _recording(line, line.get("service") or path.stem)


def _recording(line: dict[str, Any], service: str) -> Recording:
    error = line["error"] or {}
    whole = line["kind"] == "flight" or (line["kind"] == "reported" and not _shortened(line.get("note", "")))
    return Recording(
        service=service,
        operation=line["operation"],
        answer=line["answer"],
        code=error.get("code") or "",
        words=error.get("message"),
        status=line["status"],
        when=str(line.get("recorded") or line.get("validated") or _latest(line["answer"])),
        complete=whole and not line.get("partial"),
    )


def _shortened(note: str) -> bool:
    return any(word in note for word in ("left out", "shortened", "cut", "masked", "only"))


def _latest(answer: Any) -> str:
    return max(_DATE.findall(json.dumps(answer)), default=UNDATED)
