"""Where the daemon's socket is: an option, `SANDBOXD_SOCKET`, the system's place, the user's. Daemon and clients agree.

It knows paths only; whether somebody answers there is for the drivers to find out.
"""

import os
from pathlib import Path

from sandboxd.model.errors import BadRequest

SYSTEM = Path("/run/sandboxd/sandboxd.sock")
LONGEST = 107
"""bytes of a socket's path on Linux"""


def socket_path(chosen: str | None = None) -> Path:
    """Return the path that daemon and clients agree on; raise `BadRequest` where nothing says where it is."""
    if given := chosen or os.environ.get("SANDBOXD_SOCKET", ""):
        return Path(given)
    if SYSTEM.parent.is_dir() and os.access(SYSTEM.parent, os.W_OK if os.getuid() == 0 else os.X_OK):
        return SYSTEM
    for runtime in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{os.getuid()}"):
        if runtime and _is_ours(Path(runtime)):
            return Path(runtime) / "sandboxd" / SYSTEM.name
    if os.getuid() == 0:
        return SYSTEM
    raise BadRequest(
        "socket_unknown",
        f"There is no {SYSTEM.parent}, and XDG_RUNTIME_DIR names no folder of yours.",
        "Set SANDBOXD_SOCKET, or give --socket PATH.",
    )


def check_length(path: Path) -> Path:
    """Return the path; raise `BadRequest` if it is longer than the address of a socket."""
    if (length := len(os.fsencode(path))) > LONGEST:
        raise BadRequest(
            "socket_path_too_long",
            f"{path}: a socket's path may have {LONGEST} bytes, this one has {length}.",
            "Choose a shorter one with --socket or SANDBOXD_SOCKET.",
        )
    return path


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False
