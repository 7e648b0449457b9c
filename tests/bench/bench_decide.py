"""`decide` with 50 sandboxes in an account against one: the cost of a life must stay flat as they grow."""

import time

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Command, Create, Ended, Onboard, Proved, Tick
from sandboxd.lifecycle.state import State
from sandboxd.profile import expand, images_of, load
from tests.bench.rows import Row, row

ROUNDS = 7


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
            self.profile, {}, kinds=self.kinds, region="r", zone="z", slot=n, sandbox_id=f"sbx_{n}", sandbox_name=f"s{n}",
            stage="dev", images=images,
        )  # fmt: skip
        self.play(Create(operation=f"op_c{n}", sandbox=f"sbx_{n}", name=f"s{n}", tenant="acme", blueprint=blueprint))

    def life(self, n: int) -> float:
        """CPU seconds a message of one more sandbox's stop and start."""
        self.spent, self.messages = 0.0, 0
        for verb in ("stop", "start", "stop", "start"):
            self.play(Command(verb=verb, operation=f"op_{verb}{n}{self.now}", sandbox=f"sbx_{n}"))
        return self.spent / self.messages


def run() -> list[Row]:
    """One sandbox and fifty, in turn."""
    small, large = Account(), Account()
    small.create(0)
    for n in range(50):
        large.create(n)
    ratios = []
    for _ in range(ROUNDS):
        one = small.life(0)
        ratios.append(large.life(0) / one)
    return [row("decide with 50 sandboxes", ratios, "× with one", 1.3, "the same account with one sandbox")]
