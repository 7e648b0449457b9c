"""The forms of an answer: tables for people, JSON, JSON lines, YAML or names for scripts. One value, always.

Text from outside passes `safe_text` in every form for people; JSON escapes by itself.
"""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

import msgspec

from sandboxd.wire import groups
from sandboxd.wire.text import safe_text

COLUMNS: dict[str, tuple[str, ...]] = {
    "tenant": ("name", "state", "account_id", "sandboxes", "email"),
    "account": ("id", "name", "ou", "state", "tenant", "sandboxes"),
    "sandbox": ("tenant", "name", "state", "profile", "region", "cost", "reason"),
    "operation": ("id", "kind", "tenant", "target_name", "state", "requested_by", "requested_at", "reason"),
    "profile": ("name", "summary", "parameters"),
    "step": ("state", "action", "kind", "id", "reason"),
}
WIDE: dict[str, tuple[str, ...]] = {
    "sandbox": ("id", "tenant", "name", "state", "state_since", "health", "profile", "region", "account_id", "expires_at", "cost", "reason"),
    "operation": ("id", "kind", "target", "tenant", "target_name", "state", "requested_by", "requested_at", "ended_at", "reason"),
}  # fmt: skip


MACHINE = ("json", "jsonl", "yaml")
"""forms in which a failure is a value on stdout too"""


def form_of(arguments: Namespace) -> str:
    """The form that was asked for: a table by default."""
    return getattr(arguments, "output", None) or "table"


def plain(value: Any) -> Any:
    """Built-in types only."""
    return msgspec.to_builtins(value)


def print_list(things: Sequence[Any], what: str, form: str) -> None:
    """Many things."""
    items = [plain(one) for one in things]
    match form:
        case "json":
            _json(items)
        case "jsonl":
            for item in items:
                print(json.dumps(item))
        case "yaml":
            print(yaml(items))
        case "name":
            for item in items:
                print(name_of(item, what))
        case _:
            columns = WIDE.get(what, COLUMNS[what]) if form == "wide" else COLUMNS[what]
            print_table(columns, [[cell(item.get(column)) for column in columns] for item in items])


def print_thing(thing: Any, what: str, form: str) -> None:
    """One thing."""
    item = plain(thing)
    match form:
        case "json" | "jsonl":
            _json(item) if form == "json" else print(json.dumps(item))
        case "yaml":
            print(yaml(item))
        case "name":
            print(name_of(item, what))
        case _:
            _record(item)


def _json(value: Any) -> None:
    print(json.dumps(value, indent=2))


def name_of(item: dict[str, Any], what: str) -> str:
    """How a thing is called on the command line."""
    if what == "sandbox":
        return safe_text(f"{item['tenant']}/{item['name']}")
    first = ("id",) if what in ("operation", "account") else ("name", "id", "subject", "user", "target")
    return safe_text(next((str(item[key]) for key in first if item.get(key)), what))


def cell(value: Any) -> str:
    """A value in a table."""
    match value:
        case None:
            return "-"
        case {"per_hour": per_hour, "currency": currency}:
            value = f"{per_hour:.3f} {currency}/h" + _more_cost(value)
        case list():
            value = ", ".join(str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in value)
        case dict():
            value = ", ".join(
                f"{key}={json.dumps(one) if isinstance(one, bool) else one}" for key, one in value.items()
            )
    return safe_text(str(value)) or "-"


def _more_cost(cost: dict[str, Any]) -> str:
    """What is known of it besides: to date, and in its two states."""
    told = [f"{cost['to_date']:.2f} to date"] if cost.get("to_date") else []
    told += [
        f"{cost[f'{state}_per_hour']:.3f} while {state}"
        for state in ("running", "stopped")
        if cost.get(f"{state}_per_hour") is not None
    ]
    return f" ({', '.join(told)})" if len(told) > 1 else ""


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns; the last one may be long."""
    heads = [column.replace("_", " ").upper() for column in columns]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(columns))]
    for row in [heads, *rows]:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _record(item: dict[str, Any]) -> None:
    width = max((len(key) for key in item), default=0)
    tables = {
        key: value for key, value in item.items() if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    for key, value in item.items():
        if key not in tables:
            print(f"{key.replace('_', ' ').ljust(width)}  {cell(value)}")
    for key, value in tables.items():
        print(f"\n{key.replace('_', ' ').upper()}")
        if key == "resources":
            _resources(value)
            continue
        columns = COLUMNS["step"] if key == "steps" else tuple(value[0])
        print_table(columns, [[cell(one.get(column)) for column in columns] for one in value])


def _resources(resources: list[dict[str, Any]]) -> None:
    """Those of a group together; the region only where there is more than one."""
    regions = {one["region"] for one in resources}
    columns = ("kind", "name", "state", *(("region",) if len(regions) > 1 else ()), "id")
    rows = []
    for group, found in groups.by_kind((one["kind"], one["name"], one) for one in resources):
        for number, one in enumerate(found):
            rows.append(["" if number else group.title, *(cell(one.get(column)) for column in columns)])
    print_table(("group", *columns), rows)


def yaml(value: Any, indent: int = 0) -> str:
    """YAML of built-in types: strings are quoted as JSON, which is YAML too."""
    pad = "  " * indent
    match value:
        case dict() if value:
            return "\n".join(f"{pad}{key}:{_after(one, indent)}" for key, one in value.items())
        case list() if value:
            return "\n".join(f"{pad}-{_after(one, indent)}" for one in value)
    return pad + json.dumps(value)


def _after(value: Any, indent: int) -> str:
    if isinstance(value, (dict, list)) and value:
        return "\n" + yaml(value, indent + 1)
    return " " + json.dumps(value)


def untouched(text: str) -> str:
    """An answer of the API as it came: the same JSON, with what could steer a terminal written as escapes."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return "\n".join(safe_text(line) for line in text.split("\n"))
    return "".join(one if one in "\n\t\r" or one.isprintable() else _escaped(one) for one in text)


def _escaped(char: str) -> str:
    return json.dumps(char).strip('"')


def narrate(text: str) -> None:
    """A line for people, on stderr."""
    print(text, file=sys.stderr, flush=True)
