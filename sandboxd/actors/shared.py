"""What all actors of a daemon share: the ports, the engine, the feed, the directory. Built once, passed by keyword."""

import logging
from collections.abc import Callable, Mapping

import trio
from msgspec import Struct

from sandboxd.actors.alarms import Alarms
from sandboxd.actors.directory import Directory
from sandboxd.actors.feed import Feed
from sandboxd.actors.trouble import Trouble
from sandboxd.actors.trust import Trust
from sandboxd.aws.prices import Prices
from sandboxd.engine.engine import Engine
from sandboxd.engine.ports import Owner
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.kind import KindSpec
from sandboxd.model.ports import Clock
from sandboxd.store import SqliteStore, Writer


class Shared(Struct, kw_only=True):
    """The parts an actor needs; nothing here decides."""

    clock: Clock
    store: SqliteStore
    writer: Writer
    engine: Engine
    kinds: Mapping[str, KindSpec]
    prices: Prices
    rules: Settings
    regions: tuple[str, ...]
    stage: str
    feed: Feed
    directory: Directory
    alarms: Alarms
    nursery: trio.Nursery
    log: logging.Logger
    randbits: Callable[[int], int]
    trust: Trust
    trouble: Trouble

    def owner(self, account: str, state: State) -> Owner:
        """In whose name steps of this account run."""
        return Owner(account=account, tenant=state.tenant.id if state.tenant else "")
