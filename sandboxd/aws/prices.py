"""The price list: what is billed by the hour, from one data file with its date and source.

Keys are those of `Node.prices`: a name of the list, a name times a number, or a sum of such (`instance.t3.micro+disk.gp3*8`).
What is not listed has no price; whoever shows cost can ask whether a key is in the list.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources

from msgspec import Struct

HOURS_A_MONTH = 730


class PriceList(Mapping[str, float]):
    """Prices per hour; computes sums of listed things."""

    def __init__(self, listed: Mapping[str, float]) -> None:
        self._listed = dict(listed)
        self._sums: dict[str, float] = {}

    def __getitem__(self, key: str) -> float:
        if key not in self._sums:  # a profile asks for few different ones, very often
            self._sums[key] = sum(self._term(term) for term in key.split("+"))
        return self._sums[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)

    def _term(self, term: str) -> float:
        name, _, count = term.partition("*")
        return self._listed[name] * float(count or 1)


class Prices(Struct, frozen=True):
    """The price list, and where it comes from."""

    date: date
    source: str
    currency: str
    per_hour: PriceList


@cache
def load() -> Prices:
    """Return the packaged price list."""
    data = tomllib.loads(resources.files("sandboxd.aws").joinpath("prices.toml").read_text("utf-8"))
    per_hour = dict(data["per_hour"])
    per_hour |= {key: price / HOURS_A_MONTH for key, price in data["per_month"].items()}
    per_hour |= {f"instance.{name}": price for name, price in data["instances"].items()}
    per_hour |= {f"desktop.{name}": price for name, price in data["desktops"].items()}
    return Prices(data["date"], data["source"], data["currency"], PriceList(per_hour))
