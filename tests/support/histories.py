"""Random histories of `decide`: random graphs, crossing commands, failures of every class, losses, strays, crashes.

What AWS has is `truth`; each attempt's outcome is drawn once and outlives the daemon. A crash loads the state from the
snapshots that were committed. A twin with the full evaluation gets the same messages and must answer the same. Run as
a script: `python -m tests.support.histories FIRST N [profiles] [crowded] [alone] [-v]`.
"""

import hashlib
import heapq
import random
import sys
import time
from collections import Counter

from sandboxd.aws.kinds import specs
from sandboxd.lifecycle.decide import decide
from sandboxd.lifecycle.messages import (
    Called,
    Cancel,
    Command,
    Create,
    Ended,
    Found,
    Lost,
    Onboard,
    Proved,
    Recovered,
    Retry,
    Skip,
    Surveyed,
    Tick,
)
from sandboxd.lifecycle.places import free_slot
from sandboxd.lifecycle.state import Settings, State
from sandboxd.model.errors import Refusal
from sandboxd.model.keys import SHARED, scope_of
from sandboxd.model.records import Blueprint
from sandboxd.model.resource import Need
from sandboxd.planning.planner import Planner
from sandboxd.profile import expand, images_of, load
from tests.support.history_checks import Checks
from tests.support.random_graphs import graph
from tests.support.remembering import Remembering

SETTINGS = Settings(attempts=4)
PROFILES = ("trial", "model-bank")


class History(Checks):
    """One history from one seed."""

    def __init__(self, seed, *, twin=True, profiles=(), span=3000):
        self.rng = rng = random.Random(seed)
        self.now, self.heap, self.n, self.life = 0.0, [], 0, 1
        self.stats, self.ends, self.digest = Counter(), Counter(), hashlib.sha256()
        self.state = State.empty("1", settings=SETTINGS)
        self.twin = State("1", settings=SETTINGS, planner=Remembering()) if twin else None
        self.snapshots, self.operations, self.over = {}, {}, set()
        self.truth, self.outcome, self.strays, self.found, self.begun, self.drifted = {}, {}, {}, {}, {}, {}
        self.states, self.names, self.ids, self.timer = {}, {}, 0, None
        self.fail = rng.choice([0, 0.05, 0.2, 0.4])
        self.top = {}
        self.profiles, self.span = profiles, span
        self.shared = {} if profiles else graph(rng, SHARED, range(rng.randint(2, 6)), [], self.top)

    def at(self, when, run):
        self.n += 1
        heapq.heappush(self.heap, (when, self.n, run))

    # ---- one message
    def post(self, message, *, committed=True):
        """Decide, check, commit, carry out."""
        before = {name: root.mode for name, root in self.state.planner.roots.items()}
        try:
            out = decide(self.state, message, self.now)
        except Refusal as refusal:
            self.stats["refused"] += 1
            assert refusal.hint
            if self.twin:
                try:
                    decide(self.twin, message, self.now)
                except Refusal:
                    return
                raise AssertionError("the full evaluation accepted") from None
            return
        if self.twin:
            self.compare(out, decide(self.twin, message, self.now), message)
        self.check(message, out, before)
        if not committed:
            self.crash()
            return
        self.commit(out)
        self.digest.update(repr((self.now, message, out)).encode())
        self.stats["messages"] += 1
        self.carry_out(out)

    def compare(self, out, full, message):
        for name in ("events", "looks", "proofs", "survey", "wake_at", "starts", "turns"):
            mine, other = getattr(out, name), getattr(full, name)
            if name in ("starts", "turns", "events"):
                mine, other = sorted(mine, key=repr), sorted(other, key=repr)
            assert mine == other, ("incremental is not full", name, mine, other, message)
        mine, other = self.state.planner.view(), Planner.view(self.twin.planner)
        for name in ("want", "still", "remade"):
            assert dict(getattr(mine, name)) == dict(getattr(other, name)), ("view", name, mine, other, message)

    def commit(self, out):
        """Only what the decision says changed is written."""
        for name in (["account"] if out.account_changed else []) + out.sandboxes:
            self.snapshots[name] = self.state.snapshot(name)
        for name in out.operations:
            self.operations[name] = self.state.operation(name)
            (self.over.add if self.state.operations[name].is_over else self.over.discard)(name)

    def carry_out(self, out):
        life = self.life
        self.stats["turned"] += len(out.turns)
        for start in out.starts:
            self.start(start)
        for look in out.looks:
            self.later(1, Ended(look.key, look.run, "between", "permanent", "timed_out"))
        for proof in out.proofs:
            self.begun[proof.operation] = self.now
            seen = tuple(Found(k, 1, "thing", k) for k in self.truth if not self.held(k))
            self.later(self.rng.uniform(0.1, 5), Proved(proof.operation, proof.number, seen))
        if out.survey:
            self.later(self.rng.uniform(0.1, 5), Surveyed(unmanaged=()))
        self.timer = out.wake_at
        if out.wake_at is not None:
            at = out.wake_at
            self.at(at, lambda: life == self.life and self.timer == at and self.post(Tick()))

    def later(self, seconds, message):
        life = self.life
        self.at(self.now + seconds, lambda: life == self.life and self.post(message))

    def held(self, key):
        row = self.state.rows.get(key)
        return row.hi if row is not None else 0

    def start(self, start):
        """The engine takes up one step; what AWS makes of it is drawn once per run."""
        rng, row, step = self.rng, self.state.rows[start.key], start.step
        self.stats["steps"] += 1
        usual = row.node.up.get(step.to) if step.way == "raise" else row.node.down.get(max(1, step.to + 1))
        seconds = 0.3 if step.way == "rebind" or usual is None else usual.expected
        seconds = seconds * rng.uniform(0.5, 1.5) + 0.1
        if (start.key, start.run) not in self.outcome:
            left, how = "done", ""
            if scope_of(start.key) != "account" and rng.random() < self.fail:
                left = rng.choice(["nothing", "between", "spoiled", "hang"]) if step.way == "raise" else "between"
                how = rng.choice(["temporary", "temporary", "permanent"])
            self.outcome[start.key, start.run] = (left, how)
        left, how = self.outcome[start.key, start.run]
        if step.way == "raise":
            there = self.truth.get(start.key, {})
            if there.get("bad") and there.get("run") != start.run:
                left, how = self.outcome[start.key, start.run] = ("spoiled", "temporary")
            if left != "nothing":
                self.truth.setdefault(start.key, {}).update(bad=left == "spoiled", run=start.run)
        self.arrange(start, left, how, seconds)

    def arrange(self, start, left, how, seconds):
        life = self.life

        def end():
            row = self.state.rows.get(start.key)
            here = row is not None and row.run == start.run and row.flight
            if tuple(start.step) == ("lower", 0) and left == "done" and here:
                self.truth.pop(start.key, None)
            if left != "hang":
                self.post(Ended(start.key, start.run, left, how, "failed"))

        if seconds > 1:
            self.later(0.3, Called(start.key, start.run, {"id": start.key}))
        self.at(self.now + seconds, lambda: life == self.life and end())

    # ---- what happens to it
    def command(self):
        rng = self.rng
        name = f"s{rng.randint(0, 2)}"
        sandbox = self.names.get(name)
        record = self.state.sandboxes.get(sandbox) if sandbox else None
        verb = rng.choice(["create", "create", "start", "stop", "delete", "retry", "retry", "cancel", "skip"])
        self.ids += 1
        operation, committed = f"op{self.ids}", rng.random() > 0.02
        self.stats["commands"] += 1
        if record is None or verb == "create":
            if record is None or record.state == "deleted":
                self.create(name, operation, committed)
        elif verb in ("retry", "cancel", "skip"):
            self.about(verb, record, committed)
        else:
            self.post(Command(verb=verb, operation=operation, sandbox=record.id), committed=committed)

    def create(self, name, operation, committed):
        sandbox = f"{name}.{self.ids}"
        if committed:
            self.names[name] = sandbox
        self.post(
            Create(
                operation=operation, sandbox=sandbox, name=name, tenant="t", blueprint=self.blueprint(name, sandbox)
            ),
            committed=committed,
        )

    def blueprint(self, name, sandbox):
        """Of a random graph, or of one of the profiles."""
        rng = self.rng
        if self.profiles:
            return expanded(rng.choice(self.profiles), name, sandbox, free_slot(self.state))
        own = graph(rng, sandbox, range(rng.randint(2, 6)), list(self.shared), self.top)
        tops = rng.sample(list(own), rng.randint(1, len(own))) + rng.sample(
            list(self.shared), rng.randint(0, min(2, len(self.shared)))
        )
        return Blueprint(
            profile="p", region="r", nodes=(*self.shared.values(), *own.values()),
            started=tuple(Need(k, rng.randint(1, self.top[k])) for k in tops),
            kept=tuple(Need(k, 1) for k in rng.sample(list(own), rng.randint(0, 2))),
            heal=rng.choice([{}, {}, {"shared": False}, {"remake": False}]),
        )  # fmt: skip

    def about(self, verb, record, committed):
        rng = self.rng
        mine = [o.id for o in self.state.operations.values() if o.target == record.id] or [record.operation]
        operation = rng.choice(mine) if rng.random() < 0.3 else record.operation
        keys = [k for k in self.state.rows if scope_of(k) in (record.id, SHARED)]
        step = rng.choice(keys) if keys and (verb == "skip" or rng.random() < 0.2) else ""
        message = {
            "retry": lambda: Retry(operation=operation, step=step), "cancel": lambda: Cancel(operation=operation),
            "skip": lambda: Skip(operation=operation, step=step, reason="r"),
        }[verb]()  # fmt: skip
        self.post(message, committed=committed)

    def lose(self):
        mine = [k for k, r in self.state.rows.items() if r.lo == r.hi > 0 and not r.flight and k in self.truth]
        if mine:
            key = self.rng.choice(mine)
            row = self.state.rows[key]
            left = self.rng.randint(0, row.lo - 1)
            if left:
                self.drifted[key] = True
            else:
                self.truth.pop(key)
            self.stats["losses"] += 1
            self.post(Lost(key, row.generation, left))

    def stray(self):
        mine = [
            k for k, r in self.state.rows.items()
            if r.hi == 0 and not r.flight and k not in self.truth and self.is_deleting(scope_of(k))
        ]  # fmt: skip
        if mine:
            key = self.rng.choice(mine)
            self.truth[key] = {"bad": False}
            self.strays[key] = self.now
            self.found[key] = True
            self.stats["strays"] += 1

    def is_deleting(self, scope):
        record = self.state.sandboxes.get(scope)
        return record is not None and record.state == "deleting"

    def crash(self):
        self.life += 1
        operations = self.loaded_operations()
        self.state = State.load("1", self.snapshots, operations, settings=SETTINGS)
        if self.twin:
            self.twin = State.load("1", self.snapshots, operations, settings=SETTINGS, planner=Remembering())
        self.states = {name: record.state for name, record in self.state.sandboxes.items()}
        self.stats["crashes"] += 1
        self.later(self.rng.uniform(0, 60), Recovered())

    def loaded_operations(self):
        """As a store does: what is not over, and some of the newest."""
        newest = list(self.operations)[-self.life :]
        return {name: blob for name, blob in self.operations.items() if name in newest or name not in self.over}

    # ---- from the first moment to the last
    def run(self):
        rng = self.rng
        self.post(Onboard(operation="op0", tenant="ten", name="t", email="e@x"))
        for _ in range(rng.randint(4, 40)):
            self.at(rng.uniform(10, self.span), self.command)
        for _ in range(rng.randint(0, 4)):
            self.at(rng.uniform(10, self.span + 1000), rng.choice([self.lose, self.crash, self.crash, self.stray]))
        self.at(40000, self.finish)
        while self.heap:
            self.now, _, run = heapq.heappop(self.heap)
            run()
            assert self.n < 60000, "never at rest"
        self.at_the_end()
        return self

    def at_the_end(self):
        state = self.state
        assert not state.running, [state.operations[name] for name in state.running]
        assert all(record.state == "deleted" for record in state.sandboxes.values()), [
            (r.name, r.state, state.operations[r.operation]) for r in state.sandboxes.values() if r.state != "deleted"
        ]
        stays = {k for k, r in state.rows.items() if r.node.permanent or scope_of(k) == "account"}
        assert not (left := [k for k in self.truth if k not in self.strays and k not in stays]), left
        assert not any(r.hi for k, r in state.rows.items() if k not in stays), "rows are not empty"
        assert state.is_quiet, "alarms are left"
        assert list(state.planner.roots) in (["account"], []), state.planner.roots

    def finish(self):
        """Nothing fails any more: whatever failed succeeds when it is tried again, then everything is deleted."""
        self.fail = 0
        for record in list(self.state.sandboxes.values()):
            if record.state.endswith("_failed"):
                self.post(Retry(operation=record.operation))
                self.at(self.now + 5000, lambda name=record.id: self.healed(name))
        self.at(self.now + 6000, self.delete_all)

    def healed(self, name):
        record = self.state.sandboxes[name]
        if (operation := self.state.operations.get(record.operation)) is None:  # over when the state was last loaded
            assert not record.state.endswith("_failed"), ("what failed was forgotten", record)
            return
        ok = operation.state == "succeeded" or any(word in operation.reason for word in ("lost", "timed_out"))
        # or it is no good, and not made anew, for data stands on it
        ok = ok or any(map(self.state.planner.is_pinned, operation.stands_on))
        assert ok, ("a retry without failures fails", record.state, operation)

    def delete_all(self):
        for record in list(self.state.sandboxes.values()):
            if record.state != "deleted":
                self.ids += 1
                self.post(Command(verb="delete", operation=f"op{self.ids}", sandbox=record.id))


def expanded(profile, name, sandbox, slot):
    """The blueprint of a sandbox of a profile, images and zone made up."""
    found = load(profile)
    return expand(
        found, {}, kinds=specs(), region="r", zone="za", slot=slot, sandbox_id=sandbox, sandbox_name=name, stage="dev",
        images=dict.fromkeys(images_of(found), "ami-1"), zones=("za", "zb"),
    )  # fmt: skip


def batch(first, count, *, twin=True, profiles=(), span=3000):
    """Run histories; return statistics and one digest."""
    stats, ends, digest = Counter(), Counter(), hashlib.sha256()
    for seed in range(first, first + count):
        try:
            history = History(seed, twin=twin, profiles=profiles, span=span).run()
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        stats += history.stats
        ends += history.ends
        digest.update(history.digest.digest())
    return stats, ends, digest.hexdigest()[:16]


def main():
    first, count, profiles = int(sys.argv[1]), int(sys.argv[2]), PROFILES if "profiles" in sys.argv else ()
    span = 300 if "crowded" in sys.argv else 3000
    began, bad = time.time(), 0
    stats, ends = Counter(), Counter()
    for seed in range(first, first + count):
        try:
            history = History(seed, twin="alone" not in sys.argv, profiles=profiles, span=span).run()
            stats += history.stats
            ends += history.ends
        except Exception as error:
            bad += 1
            print(seed, type(error).__name__, str(error)[:700])
            if "-v" in sys.argv:
                raise
            if bad > 8:
                break
    print(count, "histories", bad, "bad", round(time.time() - began), "s", dict(stats), dict(ends))


if __name__ == "__main__":
    main()
