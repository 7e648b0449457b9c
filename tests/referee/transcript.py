"""What was asked of an AWS and what it answered: the protocol of a scripted life, through any door.

A door answers one call or raises Refused, and lets time pass. It knows nothing of facts.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

REGION = "eu-central-1"


class Refused(Exception):
    """An error as the caller heard it."""

    def __init__(self, code: str, words: str, status: int) -> None:
        super().__init__(f"{code}: {words}")
        self.code, self.words, self.status = code, words, status


class Door(Protocol):
    """One AWS."""

    management: str
    members: list[str]

    def call(self, account: str, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer a call of an account's administrator, or raise Refused."""

    def later(self, seconds: float) -> None:
        """Let time pass at AWS."""


@dataclass(frozen=True)
class Said:
    """One call and what came back: an answer, or a code with its words and status."""

    service: str
    operation: str
    answer: dict[str, Any] | None = None
    code: str = ""
    words: str = ""
    status: int = 200


@dataclass
class Transcript:
    """Calls through a door, each of them kept."""

    door: Door
    account: str
    said: list[Said] = field(default_factory=list)

    def __call__(self, operation: str, service: str = "ec2", account: str = "", **parameters: Any) -> dict[str, Any]:
        """A call that is answered."""
        answer = self.door.call(account or self.account, service, operation, parameters)
        self.said.append(Said(service, operation, answer))
        return answer

    def refused(self, code: str, operation: str, service: str = "ec2", account: str = "", **parameters: Any) -> None:
        """A call that is refused with this code."""
        try:
            self.door.call(account or self.account, service, operation, parameters)
        except Refused as refused:
            assert refused.code == code, f"{operation}: {refused}, and not {code}"
            self.said.append(Said(service, operation, None, refused.code, refused.words, refused.status))
            return
        raise AssertionError(f"{operation} was not refused with {code}")

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.door.later(seconds)
