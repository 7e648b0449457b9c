"""What must hold after every message of a history; a part of `History`."""

from sandboxd.lifecycle.messages import Recovered, Retry
from sandboxd.lifecycle.table import TABLE
from sandboxd.model.keys import SHARED, scope_of
from sandboxd.model.resource import Need
from sandboxd.planning.graph import needs


class Checks:
    """Reads the history's state, truth and strays."""

    # ---- what must always hold
    def check(self, message, out, before):
        self.check_starts(message, out, before)
        self.check_events(out)
        state = self.state
        for operation in state.operations.values():
            if operation.state == "running":
                assert state.watch.get(operation.id), ("no reason", operation)
            if operation.superseded_by:
                assert operation.state != "running", operation
        for record in state.sandboxes.values():
            last = state.operations.get(record.operation)  # none: over when the state was loaded
            running = last is not None and last.state == "running"
            assert (record.state in ("initializing", "starting", "stopping", "deleting")) == running, record
        self.check_rows()
        self.check_sharers()

    def check_sharers(self):
        """Who shares what is billed is counted as if anew."""
        state, roots = self.state, self.state.planner.roots
        for name in roots:
            reached = state.reach.get(name, {})
            wanted = {
                row.node.key: sum(row.node.key in state.reach.get(other, {}) for other in roots)
                for row in state.rows_of(SHARED)
                if row.node.prices and row.node.key in reached
            }
            assert {row.node.key: count for row, count in state.billed_together(name)} == wanted

    def check_starts(self, message, out, before):
        planner, roots = self.state.planner, self.state.planner.roots
        if isinstance(message, Recovered | Retry):  # what a retry begins and fails at once is held again
            return
        for start in out.starts:
            scope, row = scope_of(start.key), planner.rows[start.key]
            same = scope not in roots or roots[scope].mode == before.get(scope)
            if start.step.way == "lower" and row.node.data and row.lo and same:
                # it came up on what was found to be no good while it was launched: there is nothing on it yet
                new = any(planner.rows[one].spoiled for one in planner.reached([Need(start.key, 1)]))
                assert new or planner.view().want[start.key] <= start.step.to, ("data is taken down", start)
            if start.step.way == "raise":
                pursued = [
                    s
                    for s, root in roots.items()
                    if (root.mode == "pursued" and start.key in planner.reached(root.needs))
                    or (root.mode == "kept" and start.key in self.under_data(root))
                ]
                assert pursued if scope == SHARED else scope in pursued, ("raised without a root", start)
            if scope in roots and roots[scope].mode == "held" == before.get(scope):
                assert start.key in planner.view().remade, ("started for a held root", start)

    def under_data(self, root):
        """What data that is kept stands on: what of it went is made anew."""
        planner = self.state.planner
        data = [need for need in planner.kept(root.needs) if planner.rows[need.key].node.data]
        return {key: level for key, level in planner.closure(data).items() if not planner.rows[key].node.data}

    def check_events(self, out):
        for event in out.events:
            kind, _, word = event.type.partition(".")
            if kind == "sandbox":
                was = self.states.get(event.sandbox_id, "")
                assert any(
                    TABLE.get((was, one)) == word
                    for one in ("create", "there", "fail", "retry", "delete", "stop", "start")
                ), event
                self.states[event.sandbox_id] = word
                if word in ("stopped", "deleted"):
                    self.check_clean(event.sandbox_id, word)
            if kind == "operation":
                self.ends[word] += 1

    def check_clean(self, sandbox, word):
        """What AWS has when a sandbox says stopped or deleted."""
        state, planner = self.state, self.state.planner
        record = state.sandboxes[sandbox]
        allowed = planner.closure(planner.kept(record.blueprint.kept)) if word == "stopped" else {}
        reached = {k for root in planner.roots.values() for k in planner.reached(root.needs)}
        since = self.begun.get(record.operation, 0)
        for key in self.truth:
            fresh = self.strays.get(key, -1) > since
            row = state.rows.get(key)
            if scope_of(key) == sandbox:
                assert fresh or key in allowed or (row and row.node.free and word == "stopped"), (
                    "there though",
                    word,
                    key,
                )
            elif scope_of(key) == SHARED and key not in reached and row and not row.node.free:
                ours = not planner.bears_others(key, sandbox) and not row.flight
                assert fresh or not ours, ("shared there though", word, key)

    def check_rows(self):
        planner, view = self.state.planner, self.state.planner.view()
        verdicts = {}
        for key, row in planner.rows.items():
            if key in self.found:
                continue
            if key not in view.remade and not planner.is_pinned(key):
                for ground, state in needs(row.node, 0, row.hi):
                    loose = ground in row.node.loose or ground in self.drifted
                    ok = loose or planner.rows[ground].lo >= state or row.lo < row.hi
                    assert ok, ("nothing under", key, ground)
            at_rest = row.lo == row.hi == view.want[key] and key not in view.remade
            if not (at_rest or row.flight or row.marks):  # that nothing more may start there, the twin says
                self.check_reason(key, view, verdicts)

    def check_reason(self, key, view, verdicts):
        """Follow what it waits for to something in flight, marked or at rest; the verdicts of one moment are asked for once."""
        planner = self.state.planner
        todo, seen = [key], {}
        while todo:
            x = todo.pop()
            seen[x], row = True, planner.rows[x]
            verdict = verdicts.get(x)
            if verdict is None:
                verdict = verdicts[x] = planner.verdict(x, view)
                assert verdict.step is None, ("may start and does not", x, verdict)
            if row.flight or row.marks:
                return
            todo += [b for b in verdict.blockers if b not in seen]
        assert x in view.still or row.lo == row.hi == view.want[x], ("stuck", key, list(seen))
