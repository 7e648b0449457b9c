"""Where the daemon's socket is: an option, `SANDBOXD_SOCKET`, the system's place, the user's."""

import os
from pathlib import Path

SYSTEM = Path("/run/sandboxd/sandboxd.sock")


def socket_path(chosen: str | None = None) -> Path:
    """The path that daemon and clients agree on."""
    if given := chosen or os.environ.get("SANDBOXD_SOCKET", ""):
        return Path(given)
    if SYSTEM.parent.is_dir() and os.access(SYSTEM.parent, os.W_OK if os.getuid() == 0 else os.X_OK):
        return SYSTEM
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "sandboxd" / SYSTEM.name
    return SYSTEM
