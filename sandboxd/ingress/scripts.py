"""The scripts for one ingress machine: deliver a configuration, report what runs, and what a new machine starts with.

Knows where the machine keeps what and what a command may carry; must not know who sends it.
"""

import base64
import gzip
import hashlib
import shlex
from urllib.parse import quote

from sandboxd.ingress.content import Content, bootstrap, first_files
from sandboxd.ingress.parts import Place
from sandboxd.ingress.shell import COMMON, DELIVER, FIRST, REPORT, UNIT
from sandboxd.model.errors import LimitReached

LARGEST = 48_000
"""bytes of a command: assumed, no reference gives the limit of all parameters of one command; a document's is 64 KiB"""
DELIVER_VERB, REPORT_VERB = "envoy-deliver", "envoy-report"
PATIENCE = 100
"""looks, 0.2 s apart, that the script gives Envoy to say that it runs the new version"""


def deliver(made: Content, expected: str, place: Place | None = None, patience: int = PATIENCE) -> str:
    """Return the script that replaces version `expected` by this one; raise LimitReached where it is too large for a command."""
    place = place or Place()
    raw = b"".join(name.encode() + b" " + data + b"\n" for name, data in sorted(made.files.items()))
    words = {"version": made.version, "expected": expected, "digest": hashlib.sha256(raw).hexdigest()}
    packed = base64.encodebytes(gzip.compress(raw, 9, mtime=0)).decode().rstrip()
    text = _script(DELIVER_VERB, words, place, f"patience={patience}\n", DELIVER.replace("@payload@", packed))
    if len(text) > LARGEST:
        raise LimitReached(
            "ingress_too_large",
            f"The ingress configuration of {len(made.parts)} routes makes a command of {len(text)} bytes; {LARGEST} is the most.",
            "Stop or delete sandboxes of this account and region, or offer fewer routes.",
        )
    return text


def report(place: Place | None = None) -> str:
    """Return the script that says which versions Envoy runs, as one line of JSON; it changes nothing."""
    return _script(REPORT_VERB, {}, place or Place(), "", REPORT)


def first_boot(place: Place | None = None) -> str:
    """Return the user data of a new machine: bootstrap, empty configuration, and the service that starts with it."""
    place = place or Place()
    files = {name: data.decode() for name, data in {"bootstrap.json": bootstrap(place), **first_files(place)}.items()}
    here = "".join(f"make {name} <<'END'\n{text}\nEND\n" for name, text in files.items())
    unit = UNIT.format(envoy=place.envoy, folder=place.folder)
    ends = f"cat >{shlex.quote(place.unit)} <<'END'\n{unit}END\nsystemctl daemon-reload\nsystemctl enable --now sandboxd-envoy\n"
    head, _, body = FIRST.partition("set -eu\n")
    return f"{head}set -eu\n{_settings(place)}{body}{here}{ends}"


def _script(verb: str, words: dict[str, str], place: Place, more: str, body: str) -> str:
    said = "".join(f" {name}={quote(text, safe='')}" for name, text in words.items())
    named = "".join(f"{name}={shlex.quote(text)}\n" for name, text in words.items())
    return f"#sandboxd {verb}{said}\n{_settings(place)}{named}{more}{COMMON.lstrip()}{body.lstrip()}"


def _settings(place: Place) -> str:
    named = {"folder": place.folder, "envoy": place.envoy, "admin": place.admin}
    return "".join(f"{name}={shlex.quote(text)}\n" for name, text in named.items())
