"""What every part of the engine needs, built once; and the words for who a step is carried out for."""

from collections.abc import Callable, Iterable, Mapping
from secrets import randbits
from typing import TYPE_CHECKING

from msgspec import Struct, field

from sandboxd.aws.kind import Kind
from sandboxd.engine.ledgers import Ledgers
from sandboxd.engine.looks import Looks
from sandboxd.engine.settings import EngineSettings
from sandboxd.lifecycle.messages import Message
from sandboxd.model.ports import Call, Clock, Scope
from sandboxd.model.resource import Row

if TYPE_CHECKING:
    from sandboxd.engine.contents import Contents

ORGANIZATION_REGION = "us-east-1"
Post = Callable[[Message], None]


class Owner(Struct, frozen=True):
    """In whose account, and for which tenant, a step is carried out."""

    account: str
    tenant: str


class Identity(Struct, frozen=True, kw_only=True):
    """Who this installation is: what its tags say, what they are authenticated with, and its management account."""

    install: str
    secret: bytes
    management_account: str
    image_account: str = ""
    """which gives its images away; the management account unless it is another one"""
    role: str = "OrganizationAccountAccessRole"


class Ports(Struct, frozen=True, kw_only=True):
    """The parts that steps share."""

    call: Call
    clock: Clock
    kinds: Mapping[str, Kind]
    settings: EngineSettings
    identity: Identity
    looks: Looks
    contents: "Contents"
    born: float
    """when this life of the daemon began: whatever was in flight before may have landed until then"""
    held: Callable[[str], Mapping[str, Iterable[Row]]] = lambda _: {}
    """kind -> the rows of that kind in each account that is known"""
    ledgers: Ledgers = field(default_factory=Ledgers)
    """of documents that several accounts share"""
    places: Callable[[], Mapping[str, str]] = dict
    """`pool_ou` and `customers_ou`, for claims whose nodes do not carry them"""
    randbits: Callable[[int], int] = randbits
    """what secrets are made of"""

    def scope(self, kind: Kind, account: str, region: str) -> Scope:
        """Return where the calls of a kind are made."""
        match kind.where:
            case "organization":
                return Scope(self.identity.management_account, ORGANIZATION_REGION, "")
            case "images":
                return Scope(self.identity.image_account or self.identity.management_account, region, "")
        return Scope(account, region, self.identity.role)
