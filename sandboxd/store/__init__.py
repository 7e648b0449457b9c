"""The store: SQLite through apsw, one connection, one writer thread that groups commits. Knows bytes, never their meaning.

Snapshots and events of an actor commit together; what a commit costs does not grow with what is beside it. A store
that cannot be trusted is refused with what is wrong and what to do, never repaired behind anybody's back.
"""

from sandboxd.store.opening import open_in_memory, open_store
from sandboxd.store.sqlite import Clash, Loaded, SqliteStore
from sandboxd.store.writer import Writer

__all__ = ["Clash", "Loaded", "SqliteStore", "Writer", "open_in_memory", "open_store"]
