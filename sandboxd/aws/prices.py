"""The price list: what is billed by the hour, from one data file with its date and source.

Keys are those of `KindSpec.prices`; `instance` and `disk` depend on a machine's parameters and are looked up as
`instance.<type>` and `disk.<type of volume>` per GiB. A type that is not listed has no price, and whoever shows cost says so.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Any

from msgspec import Struct

HOURS_A_MONTH = 730
DISK = "disk.gp3"


class Prices(Struct, frozen=True):
    """Prices per hour, in one currency."""

    date: date
    source: str
    currency: str
    per_hour: Mapping[str, float]
    """`elastic-ip`, `nat-gateway`, `instance.<type>`, `disk.gp3` (per GiB)"""

    def of(self, key: str, parameters: Mapping[str, Any]) -> float:
        """Return the price per hour of one resource in a state with this price key; 0 if it is not listed."""
        match key:
            case "instance":
                return self.per_hour.get(f"instance.{parameters.get('type')}", 0.0) + self.of("disk", parameters)
            case "disk":
                return self.per_hour.get(DISK, 0.0) * float(parameters.get("disk") or 0)
        return self.per_hour.get(key, 0.0)


def load() -> Prices:
    """Return the packaged price list."""
    data = tomllib.loads(resources.files("sandboxd.aws").joinpath("prices.toml").read_text("utf-8"))
    per_hour = dict(data["per_hour"])
    per_hour |= {key: price / HOURS_A_MONTH for key, price in data["per_month"].items()}
    per_hour |= {f"instance.{name}": price for name, price in data["instances"].items()}
    return Prices(data["date"], data["source"], data["currency"], per_hour)
