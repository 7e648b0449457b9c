"""The tables, and what is checked before a file is believed to be ours."""

APPLICATION_ID = 0x53425844
SCHEMA = 1
OLDEST_SQLITE = (3, 51, 3)

TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE snapshots(actor TEXT NOT NULL, name TEXT NOT NULL, blob BLOB NOT NULL, PRIMARY KEY(actor, name)) WITHOUT ROWID;
CREATE TABLE operations(id TEXT PRIMARY KEY, actor TEXT NOT NULL, blob BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX operations_of ON operations(actor, id);
CREATE TABLE events(position INTEGER PRIMARY KEY, actor TEXT NOT NULL, seq INTEGER NOT NULL, blob BLOB NOT NULL, UNIQUE(actor, seq));
CREATE TABLE keys(caller TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, operation TEXT NOT NULL, at REAL NOT NULL,
  PRIMARY KEY(caller, key)) WITHOUT ROWID;
"""

PRAGMAS = """
PRAGMA locking_mode=EXCLUSIVE;
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA foreign_keys=ON;
PRAGMA trusted_schema=OFF;
"""
