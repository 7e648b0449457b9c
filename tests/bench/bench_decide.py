"""`decide` with 50 sandboxes in an account against one: the cost of a life must stay flat as they grow."""

import time

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Command, Create, Ended, Onboard, Proved, Tick
from sandboxd.lifecycle.state import State
from sandboxd.profile import expand, images_of, load
from tests.bench.rows import Row, row

ROUNDS = 7
EVERYTHING = {"amq": True, "smart_client": True}
ZONES = ("za", "zb")


class Account:
    """A state and a clock; steps end at once."""

    def __init__(self) -> None:
        self.state, self.now = State.empty("1"), 0.0
        self.spent, self.messages = 0.0, 0
        self.profile, self.kinds = load("model-bank"), specs()
        self.play(Onboard(operation="op_0", tenant="ten", name="acme", email="e@x"))

    def play(self, message) -> None:
        """One message and all that follows from it."""
        todo = [message]
        while todo or self.state.running:
            self.now = self.now + 1 if todo else self.state.next_alarm()
            todo = todo or [Tick()]
            began = time.process_time()
            out = decide(self.state, todo.pop(0), self.now)
            self.spent += time.process_time() - began
            self.messages += 1
            todo += [Ended(start.key, start.run, facts={"id": "x"}) for start in out.starts]
            todo += [Proved(proof.operation, proof.number) for proof in out.proofs]

    def create(self, n: int) -> None:
        """A sandbox of the mission's profile."""
        images = dict.fromkeys(images_of(self.profile), "ami-1")
        blueprint = expand(
            self.profile, EVERYTHING, kinds=self.kinds, region="r", zone=ZONES[0], slot=n, sandbox_id=f"sbx_{n}",
            sandbox_name=f"s{n}", stage="dev", tenant="acme", images=images, zones=ZONES, ports={"amq": 61617 + n},
        )  # fmt: skip
        self.play(Create(operation=f"op_c{n}", sandbox=f"sbx_{n}", name=f"s{n}", tenant="acme", blueprint=blueprint))

    def life(self, n: int) -> float:
        """CPU seconds a message of one more sandbox's stop and start."""
        self.spent, self.messages = 0.0, 0
        for verb in ("stop", "start", "stop", "start"):
            self.play(Command(verb=verb, operation=f"op_{verb}{n}{self.now}", sandbox=f"sbx_{n}"))
        return self.spent / self.messages


def account(sandboxes: int) -> Account:
    """An account with so many of them."""
    made = Account()
    for n in range(sandboxes):
        made.create(n)
    return made


def run() -> list[Row]:
    """One sandbox and fifty, in turn; and two, where what is shared stays and the messages are the same as with fifty."""
    one, two, fifty = account(1), account(2), account(50)
    alone, beside, each = [], [], []
    for _ in range(ROUNDS):
        each.append(fifty.life(0))
        alone.append(each[-1] / one.life(0))
        beside.append(each[-1] / two.life(0))
    return [
        row("decide with 50 sandboxes", alone, "× with one", 1.3, "the same account with one sandbox"),
        row("… the same messages", beside, "× with two", 1.3, "what is shared stays in both"),
        row("… one message", [1000 * one for one in each], "ms", None, "model-bank with everything"),
    ]
