"""The form of a row, and the median that all rows are."""

from statistics import median
from typing import TypedDict


class Row(TypedDict):
    """One figure of the table and of build/bench.json."""

    name: str
    value: float
    unit: str
    limit: float | None
    ok: bool
    compared_with: str


def row(name: str, values: list[float], unit: str, limit: float | None, compared_with: str) -> Row:
    """A row of the median, and whether it is within the limit."""
    value = round(median(values), 3)
    return Row(
        name=name, value=value, unit=unit, limit=limit, ok=limit is None or value <= limit, compared_with=compared_with
    )
