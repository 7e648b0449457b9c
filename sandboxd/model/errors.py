"""The error tree: what the daemon says to people, with a stable code, and what to do next.

`Refusal` is somebody else's mistake or a state of the world: it becomes a problem document or an exit code and
changes nothing. Anything that is not a `Refusal` is ours and is logged with its traceback.
"""


class SandboxdError(Exception):
    """Base of everything this project raises on purpose."""


class Refusal(SandboxdError):
    """A request that is refused: `code` is API, `detail` says what, `hint` what to do next."""

    status = 400

    def __init__(self, code: str, detail: str, hint: str = "", pointer: str = "", status: int = 0) -> None:
        super().__init__(detail)
        self.code, self.detail, self.hint, self.pointer = code, detail, hint, pointer
        self.status = status or type(self).status


class BadRequest(Refusal):
    """The request itself is wrong (422 where it parses)."""

    status = 422


class NotAllowed(Refusal):
    """The caller may not do this."""

    status = 403


class NotFound(Refusal):
    """There is no such thing."""

    status = 404


class Conflict(Refusal):
    """The thing is in a state that does not allow it."""

    status = 409


class LimitReached(Refusal):
    """A limit is reached; the hint says when to come back."""

    status = 429


class Unavailable(Refusal):
    """Something that is needed does not answer: AWS, its credentials, the store."""

    status = 503


class ConfigurationError(SandboxdError):
    """Settings, profile or fault file that cannot be used: the text names file, line, column and what to do."""


class StoreError(SandboxdError):
    """The store cannot be opened or trusted; `exit_code` is the daemon's (74 I/O, 75 locked, 78 version)."""

    def __init__(self, detail: str, exit_code: int) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


class StoreLost(StoreError):
    """The store that was here is gone, unreadable or another's: `kind` is `gone`, `damaged` or `another`.

    No reason to end: the daemon says so on its socket, and changes nothing until a person decides.
    """

    def __init__(self, detail: str, kind: str) -> None:
        super().__init__(detail, 78)
        self.kind = kind


class StoreFull(Refusal):
    """The disk is full: nothing was made durable and nothing was sent to AWS."""

    status = 507

    def __init__(self, detail: str = "the disk of the store is full; nothing was changed") -> None:
        super().__init__("store_full", detail, "Free space on the daemon's state directory and try again.")
