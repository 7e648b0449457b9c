"""Accounts whose actor breaks: how often, why, and how long it is left before it is tried again. Never given up.

An actor that breaks starts again from what is durable, after a back-off that is shown; others are not held up.
"""

import logging

from sandboxd.actors.directory import Directory

SHORTEST, LONGEST = 1.0, 300.0
"""seconds of the daemon's clock before an actor is tried again, first and at most"""
MANY = 3
"""times in a row after which commands are refused meanwhile"""


class Trouble:
    """Broken actors, by account; one that works again is forgotten here."""

    def __init__(self, *, directory: Directory, log: logging.Logger) -> None:
        self._directory, self._log = directory, log
        self._times: dict[str, int] = {}
        self._reasons: dict[str, str] = {}

    def broke(self, account: str, error: BaseException) -> float:
        """Note it and say it; return the seconds until the next try."""
        times = self._times[account] = self._times.get(account, 0) + 1
        pause = min(LONGEST, SHORTEST * 2.0 ** (times - 1))
        self._log.error("the actor of account %s broke, try %d; again in %.0f s", account, times, pause, exc_info=error)
        self._reasons[account] = f"recovering, {_nth(times + 1)} try in {pause:.0f} s, because {_words(error)}"
        self._directory.set_reason(account, self._reasons[account])
        return pause

    def works(self, account: str) -> None:
        """It works again."""
        if self._times.pop(account, 0):
            del self._reasons[account]
            self._directory.set_reason(account, None)

    def reason(self, account: str) -> str | None:
        """What is wrong with an account's actor, if anything is."""
        return self._reasons.get(account)

    def is_bad(self, account: str) -> bool:
        """Whether it breaks again and again: commands would only wait."""
        return self._times.get(account, 0) >= MANY

    def __len__(self) -> int:
        return len(self._times)


def _nth(number: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
