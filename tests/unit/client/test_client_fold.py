"""Folding events into what a client knows."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sandboxd.client.fold import View
from sandboxd.wire import things


def sandbox(number: int, state: str = "started") -> things.Sandbox:
    return things.Sandbox(
        id=f"sbx_{number}", name=f"bank{number}", tenant="acme", account_id="1", region="r", profile="trial", state=state,
        state_since="", created_at="",
    )  # fmt: skip


def operation(state: str = "running", **more: object) -> things.Operation:
    return things.Operation(
        id="op_1", kind="create", target="sbx_1", tenant="acme", state=state, requested_by="me", requested_at="", account_id="1",
        **more,
    )  # fmt: skip


def event(number: int, **data: object) -> things.Event:
    """An event as it comes out of JSON."""
    made = things.Event(id=f"e-{number}", seq=number, at=f"t{number}", type="x", message="", account_id="1", data=data)
    return msgspec.json.decode(msgspec.json.encode(made), type=things.Event)


def step(name: str, state: str) -> things.Step:
    return things.Step(id=name, kind="vpc", action="create", state=state)


def view(**more: object) -> View:
    made = View()
    made.load(things.Snapshot(epoch="e", seq=5, now="t5", pace=1.0, **more))
    return made


def test_what_is_known_already_changes_nothing():
    """Events of before the snapshot, and events told twice."""
    known = view(sandboxes=[sandbox(1, "stopped")])
    known.apply(event(4, sandbox=sandbox(1, "starting")))
    assert known.sandboxes["sbx_1"].state == "stopped"
    known.apply(event(6, sandbox=sandbox(1, "started")))
    known.apply(event(6, sandbox=sandbox(1, "stopping")))
    assert known.sandboxes["sbx_1"].state == "started"
    assert (known.last_id, known.now) == ("e-6", "t6")


def test_steps_are_kept_through_operations_that_come_without_them():
    """The stream's operations carry no steps; theirs come one by one."""
    known = view(operations=[operation()])
    first = things.Event(id="e-6", seq=6, at="", type="x", message="", operation_id="op_1", data={})
    known.apply(
        msgspec.structs.replace(first, data={"step": msgspec.to_builtins(step("r/s/vpc#1:present", "calling"))})
    )
    known.apply(event(7, operation=operation("succeeded")))
    (kept,) = known.operations["op_1"].steps
    assert kept.state == "calling"
    assert known.operations["op_1"].state == "succeeded"


def test_a_shared_step_is_seen_by_every_operation_that_waits_for_it():
    """Two sandboxes of one account, one VPC."""
    other = msgspec.structs.replace(operation(), id="op_2")
    elsewhere = msgspec.structs.replace(operation(), id="op_3", account_id="2")
    known = view(operations=[operation(), other, elsewhere])
    known.apply(event(6, step=step("r/shared/vpc#1:present", "done")))
    assert [len(known.operations[name].steps) for name in ("op_1", "op_2", "op_3")] == [1, 1, 0]


def test_fields_and_things_of_the_future_are_ignored():
    """B24: a newer daemon tells more than this client knows."""
    known = view()
    known.apply(event(6, moon={"phase": "full"}, sandbox=msgspec.to_builtins(sandbox(1)) | {"colour": "green"}))
    assert known.sandboxes["sbx_1"].state == "started"


def test_a_new_epoch_begins_with_its_snapshot():
    """A restored store counts anew: its snapshot replaces everything, its lower numbers count."""
    known = view(sandboxes=[sandbox(1)])
    known.load(things.Snapshot(epoch="f", seq=1, now="", pace=1.0))
    known.apply(event(2, sandbox=sandbox(2)))
    assert list(known.sandboxes) == ["sbx_2"]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["started", "stopped", "deleted"])), max_size=30), st.data()
)
def test_wherever_the_snapshot_is_taken_the_end_is_the_same(changes, data):
    """A snapshot at any instant, with any overlap of events told again, ends as the whole stream does."""
    events = [event(n, sandbox=sandbox(which, state)) for n, (which, state) in enumerate(changes, 1)]
    whole = View()
    whole.load(things.Snapshot(epoch="e", seq=0, now="", pace=1.0))
    middle = View()
    at = data.draw(st.integers(0, len(events)))
    for one in events:
        whole.apply(one)
        if one.seq == at:
            middle.load(things.Snapshot(epoch="e", seq=at, now="", pace=1.0, sandboxes=list(whole.sandboxes.values())))
    if not at:
        middle.load(things.Snapshot(epoch="e", seq=0, now="", pace=1.0))
    for one in events[data.draw(st.integers(0, at)) :]:
        middle.apply(one)
    assert middle.sandboxes == whole.sandboxes
