"""Tokens and tags: how a thing in AWS is known to be ours, of which resource, and of which of its lives.

The tags carry a MAC over the others and the account, so that nobody in a tenant's account can make us adopt or delete
a look-alike. Tokens derive from the same facts and from nothing that a restart changes.
"""

import hashlib
import hmac
import uuid
from collections.abc import Mapping

from msgspec import Struct

from sandboxd.engine.ports import Identity, Owner
from sandboxd.model.keys import Key, scope_of

INSTALL, TENANT, SANDBOX = "sandboxd:install", "sandboxd:tenant", "sandboxd:sandbox"
KEY, GENERATION, MAC = "sandboxd:key", "sandboxd:generation", "sandboxd:mac"
_SIGNED = (INSTALL, TENANT, SANDBOX, KEY, GENERATION)
_DIGITS = 32


class Mine(Struct, frozen=True):
    """Which resource, and which of its lives, authentic tags name."""

    key: Key
    generation: int
    tenant: str


def make(identity: Identity, who: Owner, key: Key, generation: int) -> dict[str, str]:
    """Return the tags that go into the create call."""
    tags = {
        INSTALL: identity.install,
        TENANT: who.tenant,
        SANDBOX: scope_of(key),
        KEY: key,
        GENERATION: str(generation),
    }
    return tags | {MAC: _mac(identity, who.account, tags)}


def verify(identity: Identity, account: str, tags: Mapping[str, str]) -> Mine | None:
    """Return what the tags name, or None if they are not ours."""
    if any(name not in tags for name in (*_SIGNED, MAC)) or tags[INSTALL] != identity.install:
        return None
    if not hmac.compare_digest(tags[MAC].encode(), _mac(identity, account, tags).encode()):
        return None
    generation = tags[GENERATION]
    return Mine(tags[KEY], int(generation), tags[TENANT]) if generation.isdigit() else None


def token(identity: Identity, account: str, key: Key, generation: int, step: str) -> str:
    """Return the client token of one step of one life: 36 characters, the same after any restart."""
    text = "\0".join((identity.install, account, key, str(generation), step))
    return str(uuid.UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest()))


def _mac(identity: Identity, account: str, tags: Mapping[str, str]) -> str:
    text = "\0".join((account, *(f"{name}={tags[name]}" for name in _SIGNED)))
    return hmac.digest(identity.secret, text.encode(), "sha256").hex()[:_DIGITS]
