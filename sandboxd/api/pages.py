"""Queries of reads and the pages of collections: `?limit=&after=&filter=` → `{items, next?}`.

Items are ordered by id, so that a page never repeats or loses one that stays; `next` is the `after` of the next page.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import fields

from sandboxd.wire import filters

T = TypeVar("T", bound=Struct)


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of a collection."""

    limit: Annotated[int, Meta(ge=1, le=10_000, description="most items of a page")] = 1000
    after: Annotated[str | None, Meta(description="`next` of the page before")] = None
    filter: Annotated[str | None, Meta(description="terms FIELD=VALUE, !=, ~, !~, all of which must hold")] = None


class WaitQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of a wait."""

    timeout: Annotated[float, Meta(ge=0, le=3600, description="real seconds")] = 30.0


class EventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of the events."""

    after: Annotated[str | None, Meta(description="id of an event; Last-Event-ID goes before it")] = None
    limit: Annotated[int, Meta(ge=1, le=10_000, description="most items of an answer as JSON")] = 100


class Page(Struct, Generic[T], frozen=True, kw_only=True, omit_defaults=True):
    """A page of a collection."""

    items: list[T]
    next: str | None = None


def page(things: Sequence[T], query: ListQuery, kind: type[T], key: str = "id") -> Page[T]:
    """Return one page of what the filter lets through."""
    name = attrgetter(key)
    found = sorted(things, key=name)
    if query.filter:
        wanted = filters.parse(query.filter, [field.name for field in fields(kind)])
        found = [thing for thing in found if wanted.matches(thing)]
    if query.after is not None:
        found = [thing for thing in found if name(thing) > query.after]
    shown = found[: query.limit]
    return Page(items=shown, next=name(shown[-1]) if len(found) > len(shown) else None)
