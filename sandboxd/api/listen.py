"""The API on its Unix socket: binds it, serves until told to stop, removes it. The composition root calls this."""

from pathlib import Path

import trio

from sandboxd.api.app import VERSION_HEADER, Api
from sandboxd.http import Limits, bind_unix, serve


async def serve_api(
    api: Api,
    socket: Path,
    *,
    mode: int,
    gid: int | None = None,
    version: str,
    stop: trio.Event,
    limits: Limits | None = None,
    drain: float = 5.0,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop`; raise `SocketRefused` if the path cannot be had. `started` when clients can connect."""
    bound = bind_unix(socket, mode=mode, gid=gid)
    try:
        await serve(
            api,
            [bound.listener],
            stop=stop,
            limits=limits,
            drain=drain,
            fault_headers=((VERSION_HEADER, version.encode()),),
            task_status=task_status,
        )
    finally:
        bound.close()
