"""The tables, and the settings of SQLite that they rely on. Data only.

Whatever thins out `events` must leave the newest of each actor: stream positions and numbers go on from there.
"""

from collections.abc import Mapping

APPLICATION_ID = 0x53425844
SCHEMA = 1
OLDEST_SQLITE = (3, 51, 3)
"""older ones can corrupt a log when it is reset"""

TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, blob BLOB NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE snapshots(actor TEXT NOT NULL, name TEXT NOT NULL, blob BLOB NOT NULL, PRIMARY KEY(actor, name)) WITHOUT ROWID, STRICT;
CREATE TABLE operations(id TEXT PRIMARY KEY, actor TEXT NOT NULL, over INTEGER NOT NULL, blob BLOB NOT NULL) WITHOUT ROWID, STRICT;
CREATE INDEX operations_of ON operations(actor, id);
CREATE INDEX operations_open ON operations(actor) WHERE over = 0;
CREATE TABLE events(position INTEGER PRIMARY KEY, actor TEXT NOT NULL, seq INTEGER NOT NULL, blob BLOB NOT NULL, UNIQUE(actor, seq)) STRICT;
CREATE TABLE keys(caller TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, operation TEXT NOT NULL, at REAL NOT NULL,
  seal BLOB NOT NULL, PRIMARY KEY(caller, key)) WITHOUT ROWID, STRICT;
"""

UPGRADES: Mapping[int, str] = {}
"""schema -> the statements that make the next one of it; all that are due run in one transaction"""

# The lock comes first: a log that only one connection will ever see needs no shared memory.
PRAGMAS = (
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA journal_size_limit=16777216",
    "PRAGMA trusted_schema=OFF",
)
FULL = 2
"""`PRAGMA synchronous` of a store that survives a power cut"""
