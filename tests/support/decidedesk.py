"""An account whose steps end as a test says: `decide` over the profiles' own graphs, no AWS, no clock."""

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import Create, Ended, Onboard, Proved, Surveyed, Tick
from sandboxd.lifecycle.places import free_slot
from sandboxd.lifecycle.state import Settings, State
from sandboxd.profile import expand, images_of, load


class Desk:
    """An account whose steps end as the test says."""

    def __init__(self, settings=None) -> None:
        self.state, self.now = State.empty("1", settings=settings or Settings()), 0.0
        self.flying, self.proofs, self.events, self.surveys = [], [], [], 0
        self.say(Onboard(operation="op_0", tenant="ten_1", name="acme", email="e@x"))
        self.run()

    def say(self, message):
        self.now += 1
        out = decide(self.state, message, self.now)
        self.flying = [s for s in self.flying if (s.key, s.run) not in [(t.key, t.run) for t in out.turns]] + out.starts
        self.proofs += out.proofs
        self.events += out.events
        self.surveys += out.survey
        return out

    def run(self, until=None, fail=()):
        """Let everything end well until nothing is left, or until this name is in flight."""
        while self.flying or self.proofs or self.surveys or self.state.next_alarm() is not None:
            if until and any(s.key.endswith(f"/{until}") for s in self.flying):
                return next(s for s in self.flying if s.key.endswith(f"/{until}"))
            if self.flying:
                start = self.flying.pop(0)
                self.say(Ended(start.key, start.run, facts={"id": start.key}))
            elif self.proofs:
                proof = self.proofs.pop(0)
                self.say(Proved(proof.operation, proof.number))
            elif self.surveys:
                self.surveys = 0
                self.say(Surveyed(unmanaged=()))
            else:
                self.now = max(self.now, self.state.next_alarm())
                self.say(Tick())
        return None

    def create(self, name="bank", profile="trial"):
        found = load(profile)
        blueprint = expand(
            found, {}, kinds=specs(), region="r", zone="z", slot=free_slot(self.state), sandbox_id=f"sbx_{name}",
            sandbox_name=name, stage="dev", images=dict.fromkeys(images_of(found), "ami-1"),
        )  # fmt: skip
        return Create(operation=f"op_{name}", sandbox=f"sbx_{name}", name=name, tenant="acme", blueprint=blueprint)

    def sandbox(self, name="bank"):
        return self.state.sandboxes[f"sbx_{name}"]

    def operation(self, name):
        return self.state.operations[name]

    def there(self):
        return {key.rpartition("/")[2] for key, row in self.state.rows.items() if row.hi and "/account/" not in key}
