"""The tag of a sandbox (`ETag`, `If-Match`): another one after every change of its state or operation.

It is compared where the state is held, in the turn that takes the command: what changed after the request came in counts.
"""

import hashlib

from sandboxd.model.errors import Refusal
from sandboxd.wire import things


def tag_of(sandbox: things.Sandbox) -> str:
    """Return the tag, in quotes."""
    said = f"{sandbox.id} {sandbox.state} {sandbox.state_since} {sandbox.operation_id} {sandbox.expires_at}"
    return f'"{hashlib.blake2b(said.encode(), digest_size=12).hexdigest()}"'


def check_tag(if_match: str | None, sandbox: things.Sandbox) -> None:
    """Raise Refusal 412 when If-Match names another state of the sandbox than this one."""
    if if_match is None:
        return
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" not in tags and tag_of(sandbox) not in tags:
        raise Refusal(
            "precondition_failed",
            "The sandbox changed since it was looked at.",
            "Look at it again, then decide.",
            status=412,
        )
