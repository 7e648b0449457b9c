"""Plain interfaces that nobody owns and that hold what is to go: after ten minutes they are removed like any stray.

The minutes are counted from look to look of one attempt, in memory: an owner between two of them, a restart or a retry
begins them anew. What is removed is a row before it is called, so that a death forgets no call. What is attached, or a
service's, is never touched.
"""

from collections.abc import Iterable

from sandboxd.aws.kind import Item
from sandboxd.engine.context import SEEN, Attempt
from sandboxd.engine.listings import INTERFACE
from sandboxd.lifecycle.messages import Found, Surveyed
from sandboxd.model.keys import extra_key, is_extra

PATIENCE = 600.0
"""seconds: what a service lets go, and what somebody is about to attach, is taken care of by then"""


def is_ownerless(account: str, item: Item) -> bool:
    """Whether it is this account's own, plain interface, and attached to nothing."""
    if item.get("RequesterManaged") or (item.get("Operator") or {}).get("Managed"):
        return False
    attached = item.get("Status") != "available" or item.get("Attachment")
    return not attached and item.get("InterfaceType") == "interface" and item.get("OwnerId") == account


def let_go(a: Attempt, found: Iterable[Item]) -> str:
    """Hand over what has been nobody's for long enough, to be removed; return what is said of the others."""
    items = {str(item["NetworkInterfaceId"]): item for item in found}
    a.ownerless = {name: a.ownerless.get(name, a.now) for name in items}
    due = [name for name, since in a.ownerless.items() if a.now >= since + PATIENCE]
    if strays := tuple(_stray(a, name, items[name]) for name in due if not _is_taken_in(a, name)):
        a.post(Surveyed(found=strays))
    left = {name: (PATIENCE - a.now + since) / 60 for name, since in a.ownerless.items() if name not in due}
    return " ".join(f"{name} is nobody's, and is removed in {minutes:.0f} min." for name, minutes in left.items())


def _is_taken_in(a: Attempt, name: str) -> bool:
    """Whether it is being removed already; what holds a subnet may hold a group, too."""
    return any(row.hi and row.facts.get("id") == name for key, row in a.rows.items() if is_extra(key))


def _stray(a: Attempt, name: str, item: Item) -> Found:
    key = extra_key(a.node.key, name)
    what = item.get("Description") or "no description"
    about = f"{what}, in {item.get('SubnetId')}, nobody's for {PATIENCE / 60:.0f} min"
    return Found(key, 1, INTERFACE, name, {SEEN: "1"}, about=about)
