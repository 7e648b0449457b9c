"""What random histories once got wrong in `decide`, each as a small story of its own."""

import pytest

from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Command, Create, Ended, Found, Lost, Proof, Proved, Retry, Surveyed, Tick
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Need, Node

VPC, NET = "r/shared/vpc", "r/shared/net"
SHARED = (Node(key=VPC, kind="vpc"), Node(key=NET, kind="subnet", requires={1: (Need(VPC, 1),)}))


class Bank:
    """An account whose steps end well, but for those that are told to fail."""

    def __init__(self) -> None:
        self.state, self.now, self.todo, self.events = State.empty("1", settings=Settings()), 0.0, [], []
        self.state.account.state = "assigned"
        self.broken: set[tuple[str, str]] = set()

    def say(self, message):
        self.now += 1
        out = decide(self.state, message, self.now)
        self.events += [event.type for event in out.events]
        self.todo += [*out.starts, *out.proofs, *([Surveyed(unmanaged=())] if out.survey else [])]
        return out

    def run(self):
        """Until nothing is in flight or timed."""
        while self.todo or self.state.next_alarm() is not None:
            self.turn()

    def turn(self):
        """One thing ends, or the next alarm rings."""
        if not self.todo:
            self.now = max(self.now, self.state.next_alarm() or 0.0)
            self.say(Tick())
            return
        match self.todo.pop(0):
            case Proof() as proof:
                self.say(Proved(proof.operation, proof.number))
            case Surveyed() as survey:
                self.say(survey)
            case start:
                bad = (start.key, start.step.way) in self.broken
                self.say(Ended(start.key, start.run, *(("nothing", "permanent", "No", "AWS said no") if bad else ())))

    def create(self, name, *, data=False, loose=False, heal=None):
        under = {"loose": (NET,)} if loose else {}
        box = Node(key=f"r/{name}/box", kind="machine", requires={1: (Need(NET, 1),)}, data=data, **under)
        blueprint = Blueprint(
            profile="p",
            region="r",
            nodes=(*SHARED, box),
            started=(Need(box.key, 1),),
            kept=(Need(box.key, 1),),
            heal=heal or {},
        )
        self.say(Create(operation=f"op_{name}", sandbox=name, name=name, tenant="t", blueprint=blueprint))
        self.run()

    def command(self, verb, name):
        self.say(Command(verb=verb, operation=f"op_{verb}_{name}", sandbox=name))
        self.run()
        return self.state.operations[f"op_{verb}_{name}"]


@pytest.fixture
def bank():
    return Bank()


def test_a_retry_clears_the_mark_of_a_neighbour_that_stands_in_its_way(bank):
    """The VPC is lost: the subnet is made anew once nothing stands on it, and the neighbour's machine could not be removed."""
    bank.create("one")
    bank.create("two")
    bank.broken.add(("r/one/box", "lower"))
    bank.say(Lost(VPC, 1, 0, "deleted by somebody"))
    bank.run()
    assert bank.command("stop", "two").state == "succeeded", "nothing of its own is left to do"
    operation = bank.command("start", "two")
    assert (operation.state, operation.stands_on) == ("failed", ("r/one/box",))
    bank.broken.clear()
    bank.say(Retry(operation=operation.id))
    bank.run()
    assert bank.state.sandboxes["two"].state == "started"
    assert bank.state.rows[NET].generation == 2


def test_a_retry_that_fails_at_once_says_so_in_one_turn(bank):
    """What is lost waits for a person: the operation runs and has failed in the same commit, and its root is held again."""
    bank.create("one", data=True)
    bank.say(Lost("r/one/box", 1, 0, "terminated"))
    bank.command("stop", "one")
    operation = bank.command("start", "one")
    assert operation.state == "failed"
    bank.events.clear()
    out = bank.say(Retry(operation=operation.id))
    assert [name for name in bank.events if name.startswith("sandbox")] == [
        "sandbox.starting",
        "sandbox.starting_failed",
    ]
    assert not [start for start in out.starts if start.key == "r/one/box"]
    assert bank.state.planner.roots["one"].mode == "held"
    bank.say(Retry(operation=operation.id, step="r/one/box"))
    bank.run()
    assert bank.state.sandboxes["one"].state == "started"


def test_a_look_that_began_before_the_last_step_proves_nothing(bank):
    """A target that was rebound meanwhile to another machine is not lost because the old one is not shown."""
    bank.create("one")
    row = bank.state.rows["r/one/box"]
    bank.say(Lost("r/one/box", row.generation, 0, "not there", row.run - 1))
    assert row.lo == 1
    bank.say(Lost("r/one/box", row.generation, 0, "not there", row.run))
    assert not row.lo


def test_what_went_with_what_it_stood_on_is_no_question_for_a_person(bank):
    """AWS takes a terminated machine out of a target group; the registration comes again with the machine, whatever is healed."""
    bank.create("one", loose=True, heal={"remake": False})
    bank.broken.add((NET, "raise"))
    bank.say(Lost(NET, 1, 0, "gone"))
    bank.say(Lost("r/one/box", 1, 0, "gone with it"))
    bank.broken.clear()
    bank.run()
    assert bank.state.rows["r/one/box"].lo == 1
    bank.say(Lost("r/one/box", 2, 0, "taken away"))
    bank.run()
    assert not bank.state.rows["r/one/box"].lo


def test_nor_is_what_was_missed_before_its_ground(bank):
    """Soak, seed 200023: the registration's absence was known twenty minutes before the machine's, and no retry of the create helped."""
    bank.create("one", loose=True, heal={"remake": False})
    bank.say(Lost("r/one/box", 1, 0, "not there"))
    bank.run()
    assert not bank.state.rows["r/one/box"].lo
    bank.say(Lost(NET, 1, 0, "gone, as is known now"))
    bank.run()
    assert bank.state.rows["r/one/box"].lo == 1


def test_a_stray_of_a_deleted_sandbox_is_removed_however_often_it_takes(bank):
    """No operation waits for it any more, so no operation can fail on it; it must not stay for ever."""
    bank.create("one")
    bank.command("delete", "one")
    bank.create("two")
    bank.broken.add(("r/one/box", "lower"))
    bank.say(Command(verb="delete", operation="op_2", sandbox="two"))
    while not isinstance(bank.todo[0], Proof):
        bank.turn()
    proof = bank.todo.pop(0)
    bank.say(Proved(proof.operation, proof.number, (Found("r/one/box", 1, "machine", "i-1"),)))
    for _ in range(24):
        bank.turn()
    assert bank.state.sandboxes["two"].state == "deleted", "a neighbour's stray is not its own to wait for"
    assert bank.state.rows["r/one/box"].marks["lower"].attempts > 8
    bank.broken.clear()
    bank.run()
    assert "r/one/box" not in bank.state.rows


def test_a_stray_of_a_sandbox_that_nobody_knows_is_durable(bank):
    """Found after a store was lost: its removal is in the account's snapshot before it is asked of AWS."""
    bank.create("two")
    bank.say(Command(verb="delete", operation="op_2", sandbox="two"))
    while not isinstance(bank.todo[0], Proof):
        bank.turn()
    proof = bank.todo.pop(0)
    out = bank.say(Proved(proof.operation, proof.number, (Found("r/lost/box", 3, "machine", "i-1"),)))
    assert out.account_changed
    again = State.load("1", {name: bank.state.snapshot(name) for name in ("account", "two")}, {}, settings=Settings())
    assert again.rows["r/lost/box"] == bank.state.rows["r/lost/box"]
    bank.run()
    assert "r/lost/box" not in bank.state.rows
