"""What an ingress machine does with a delivery and a report: the outcomes of the real scripts, without Envoy.

On its disk are the files' version and the sandboxes in them, in memory what runs: after a boot what the files say. It judges a host with `bad` in it
as Envoy would something that it refuses. A script that was told to fail with exit code 0 says that it is delivered, and the old
version runs on, as after a file that was written in place; with another code the running Envoy rejects it.
"""

import base64
import binascii
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from sandboxd.simulator.rows import Row

EMPTY = "0-empty"
"""what a new machine runs"""
BAD = "bad"
_PAYLOAD = re.compile(r"<<'END'[^\n]*\n(.*?)\nEND\n", re.DOTALL)
_FILES = ("cds.json", "rds.json", "lds.json", "check")
HTTP = 8080
"""where a new machine answers the balancers"""


class Done(NamedTuple):
    """How long a script runs, and how it ends. The seconds are assumed: a validation and a reload."""

    seconds: float
    code: int
    output: str


def deliver(machine: Row, words: Mapping[str, str], script: str, now: float, told: int | None = None) -> Done:
    """Put a configuration into place, or say why not; `told` is the exit code of a fault."""
    disk = _disk(machine, now)
    version = words.get("version", "")
    if disk["files"] == version:
        return _prove(machine, disk, version, told)
    if disk["files"] != words.get("expected"):
        return _said(disk, 3, "other", f"expected {words.get('expected')} here")
    files = _payload(script, words.get("digest", ""))
    if files is None:
        return _said(disk, 6, "damaged", "what arrived has another digest")
    return _take(machine, disk, version, files, told)


def _take(machine: Row, disk: dict[str, Any], version: str, files: Mapping[str, Any], told: int | None) -> Done:
    """What arrived whole is judged, moved into place, and taken up."""
    if bad := _bad(files):
        return _said(disk, 4, "invalid", f"a host with {BAD!r} in it", bad)
    if told:
        disk["rejected"] += 1
        return _said(disk, 5, "rejected", "the simulator was told to reject this")
    served = [host for name in _FILES[:3] for host in _hosts(files[name])]
    disk |= {"files": version, "listens": _ports(files), "hosts": sorted(dict.fromkeys(served)), "edited": False}
    if told is None:
        _run(machine, disk)
        disk["good"] = version
    return _said(disk, 0, "delivered")


def _prove(machine: Row, disk: dict[str, Any], version: str, told: int | None) -> Done:
    if told is None:  # where Envoy had not noticed the files, they are moved into place once more
        _run(machine, disk)
    if disk["runs"] != version:
        return _said(disk, 8, "unproved", seconds=20.0)
    disk["good"] = version
    return _said(disk, 0, "there")


def report(machine: Row, now: float) -> Done:
    """Say what runs."""
    disk = _disk(machine, now)
    runs = dict.fromkeys(("cds", "rds", "lds"), disk["runs"])
    said = {"answers": True, **runs, "files": disk["files"], "good": disk["good"], "rejected": disk["rejected"]}
    said["edited"] = disk.get("edited", False)
    return Done(0.3, 0, json.dumps(said | {"failed": 0, "warming": 0, "detail": ""}) + "\n")


def tamper(machine: Row, now: float, *, version: str | None = None, hosts: tuple[str, ...] = ()) -> None:
    """Somebody on the machine writes its files by hand, under their version or another one, and Envoy takes them up."""
    disk = _disk(machine, now)
    disk |= {"files": disk["files"] if version is None else version, "hosts": list(hosts), "edited": True}
    _run(machine, disk)


def _said(
    disk: Mapping[str, Any], code: int, outcome: str, detail: str = "", bad: tuple[str, ...] = (), seconds: float = 1.5
) -> Done:
    said = {"outcome": outcome, "version": disk["files"], "runs": disk["runs"], "detail": detail, "bad": bad}
    return Done(seconds, code, json.dumps(said) + "\n")


def _disk(machine: Row, now: float) -> dict[str, Any]:
    """What lies on the machine; memory is of this boot."""
    fresh = {
        "files": EMPTY,
        "runs": EMPTY,
        "good": "",
        "rejected": 0,
        "boot": machine.since(now),
        "listens": [HTTP],
        "hosts": [],
    }
    disk: dict[str, Any] = machine.data.setdefault("disk", {}).setdefault("envoy", fresh)
    if disk["boot"] != machine.since(now):
        disk |= {"boot": machine.since(now), "rejected": 0}
        _run(machine, disk)
    return disk


def _run(machine: Row, disk: dict[str, Any]) -> None:
    """Envoy takes up the files: from now on the balancers find what they say, and it answers to their hosts."""
    disk["runs"] = disk["files"]
    machine.data |= {"listens": tuple(disk["listens"]), "serves": tuple(disk.get("hosts", ()))}


def _payload(script: str, digest: str) -> dict[str, Any] | None:
    """The files that a script carries; None where they are not what was sent."""
    found = _PAYLOAD.search(script)
    try:
        raw = gzip.decompress(base64.b64decode(found[1] if found else ""))
        if hashlib.sha256(raw).hexdigest() != digest:
            return None
        lines = (line.partition(b" ") for line in raw.splitlines())
        files = {name.decode(): json.loads(text) for name, _, text in lines}
    except (OSError, EOFError, ValueError, binascii.Error):
        return None
    return files if all(name in files for name in _FILES) else None


def _bad(files: Mapping[str, Any]) -> tuple[str, ...]:
    """Sandboxes that have a bad host, each judged alone."""
    alone = {name.removeprefix("check:"): file for name, file in files.items() if name.startswith("check:")}
    return tuple(owner for owner, file in sorted(alone.items()) if any(BAD in host for host in _hosts(file)))


def _hosts(words: Any) -> list[str]:
    """Every name that something answers to, wherever it stands."""
    match words:
        case dict():
            here = [host for key in ("domains", "server_names") for host in words.get(key, ())]
            return here + [host for one in words.values() for host in _hosts(one)]
        case list():
            return [host for one in words for host in _hosts(one)]
    return []


def _ports(files: Mapping[str, Any]) -> list[int]:
    return [one["address"]["socket_address"]["port_value"] for one in files["lds.json"]["resources"]]
