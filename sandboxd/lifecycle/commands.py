"""Commands of people: each is checked, then changes a root; refused ones have changed nothing."""

from sandboxd.lifecycle import account_life, table
from sandboxd.lifecycle.account_life import claim_node
from sandboxd.lifecycle.judging import in_the_way
from sandboxd.lifecycle.messages import Cancel, Command, Create, Extend, LetIn, Onboard, Retry, Shown, Skip
from sandboxd.lifecycle.steps import joined
from sandboxd.lifecycle.turn import Turn
from sandboxd.model.errors import Conflict, NotFound
from sandboxd.model.keys import Key, parts
from sandboxd.model.records import Mode, Operation, SandboxRecord, TenantRecord, Verb
from sandboxd.model.resource import Row

_MODES: dict[Verb, Mode | None] = {
    "create": "pursued",
    "start": "pursued",
    "onboard": "pursued",
    "stop": "kept",
    "delete": None,
}


# ---- new operations
def create(turn: Turn, message: Create) -> None:
    """A sandbox begins: its rows are taken in, its root is pursued."""
    state = turn.state
    if state.account.state != "assigned":
        raise Conflict("account_not_assigned", f"The account is {state.account.state}.", "Onboard a tenant first.")
    for node in message.blueprint.nodes:
        state.planner.add(Row(node=node))
    turn.prepare(message.blueprint.nodes)
    record = state.sandboxes[message.sandbox] = SandboxRecord(
        id=message.sandbox, name=message.name, tenant=message.tenant, blueprint=message.blueprint, created_at=turn.now,
        expires_at=message.expires_at, labels=message.labels, cost_at=turn.now,
    )  # fmt: skip
    if message.blueprint.zones:
        state.account.zones[message.blueprint.region] = message.blueprint.zones
    state.reach[record.id] = state.planner.reached(message.blueprint.started)
    turn.decision.account_changed = True
    _begin(turn, Operation(id=message.operation, verb="create", target=record.id, requested_by=message.by))


def command(turn: Turn, message: Command) -> None:
    """Start, stop or delete: the newest command of a sandbox supersedes what runs for it."""
    record = _sandbox(turn, message.sandbox)
    table.next_state(record.state, message.verb)
    _begin(turn, Operation(id=message.operation, verb=message.verb, target=record.id, requested_by=message.by))


def onboard(turn: Turn, message: Onboard) -> None:
    """The account is claimed for a tenant."""
    state = turn.state
    account_life.next_state(state.account.state, "onboard")
    state.tenant = TenantRecord(
        id=message.tenant, name=message.name, email=message.email, contacts=message.contacts, limits=message.limits,
        since=turn.now,
    )  # fmt: skip
    state.planner.add(Row(node=claim_node(message.tenant, message.operation, message.places)))
    _begin(turn, Operation(id=message.operation, verb="onboard", target=message.tenant, requested_by=message.by))


def _begin(turn: Turn, operation: Operation) -> None:
    state, scope = turn.state, turn.state.scope_of(operation)
    operation.requested_at = operation.started_at = turn.now
    if scope in state.sandboxes and (old := state.operations.get(state.sandboxes[scope].operation)) is not None:
        _supersede(turn, old, operation)
    state.operations[operation.id] = operation
    if scope in state.sandboxes:
        state.sandboxes[scope].operation = operation.id
    turn.say(
        "operation.running", f"{operation.verb} was accepted", operation_id=operation.id, by=operation.requested_by,
        sandbox_id=scope if scope in state.sandboxes else "",
    )  # fmt: skip
    turn.move(operation, operation.verb)
    _pursue(turn, operation)


def _supersede(turn: Turn, old: Operation, new: Operation) -> None:
    old.superseded_by = new.id
    turn.changed_operation(old)
    if old.state == "running":
        turn.over(old, "cancelled", f"superseded by {new.verb} ({new.id})")


def _pursue(turn: Turn, operation: Operation) -> None:
    """Its root is set, marks in its way are cleared, everything that runs is judged again."""
    state, scope = turn.state, turn.state.scope_of(operation)
    _reopen(turn, operation)
    for key in {**state.reach.get(scope, {}), **state.planner.of_scope.get(scope, {})}:
        clear(turn, key)
    while sum(clear(turn, key) for key in in_the_way(state, operation)):
        pass  # what waited behind a mark may wait for another one


def _reopen(turn: Turn, operation: Operation) -> None:
    operation.state, operation.reason, operation.code, operation.cancelling = "running", "", "", False
    operation.found = {}
    operation.stands_on, operation.ended_at, operation.empty, operation.due = (), None, 0, None
    turn.state.running[operation.id] = True
    joined(turn, operation)
    turn.changed_operation(operation)
    turn.set_root(turn.state.scope_of(operation), _MODES[operation.verb])


def clear(turn: Turn, key: Key, *, lost: bool = False) -> bool:
    """Forget why a resource waits; `lost` only when a person says so. Return whether there was something to forget."""
    row = turn.state.planner.rows.get(key)
    gone = [way for way, mark in row.marks.items() if lost or mark.code != "lost"] if row is not None else []
    if row is None or not gone:
        return False
    for way in gone:
        del row.marks[way]
    turn.changed(key)
    turn.state.planner.touch(key)
    return True


# ---- commands about an operation
def retry(turn: Turn, message: Retry) -> None:
    """Reopen the same operation; one that runs stops waiting for its back-offs."""
    operation = _newest(turn, message.operation)
    if operation.cancelling and operation.state == "running":
        raise Conflict("cancelling", "The operation is being cancelled.", "Retry it when it is cancelled.")
    if operation.state == "succeeded":
        raise Conflict("not_failed", "The operation succeeded.", "There is nothing to retry.")
    if message.step:
        _row(turn, message.step)
        clear(turn, message.step, lost=True)
    if operation.state in ("failed", "cancelled"):
        turn.move(operation, "retry")
        turn.say("operation.running", f"{operation.verb} is tried again", operation_id=operation.id, by=message.by)
        if message.step:
            _reopen(turn, operation)
        else:
            _pursue(turn, operation)
        return
    if not message.step:
        _pursue(turn, operation)
    turn.unwatch()


def cancel(turn: Turn, message: Cancel) -> None:
    """Nothing more is begun; what is in flight is turned round or resolved first."""
    operation = _newest(turn, message.operation)
    if operation.state != "running":
        raise Conflict(
            "not_running", f"The operation is {operation.state}.", "Only a running operation can be cancelled."
        )
    operation.cancelling = True
    turn.changed_operation(operation)
    turn.say("operation.cancelling", f"{operation.verb} is being cancelled", operation_id=operation.id, by=message.by)
    hold(turn, operation)


def hold(turn: Turn, operation: Operation) -> None:
    """What is there stays, nothing is raised."""
    turn.set_root(turn.state.scope_of(operation), "held")


def skip(turn: Turn, message: Skip) -> None:
    """A skippable resource is entered without a call, for this generation."""
    operation, row = _newest(turn, message.operation), _row(turn, message.step)
    name = parts(message.step).name
    if not row.node.skippable:
        users = [x for x in turn.state.planner.above.get(message.step, ()) if turn.state.planner.rows[x].node.kind]
        need = f"; {', '.join(parts(x).name for x in users)} needs it" if users else ""
        raise Conflict(
            "not_skippable", f"{row.node.kind} {name} cannot be skipped{need}.", "Retry it, or delete the sandbox."
        )
    if row.lo or (row.flight is not None and row.flight.way == "lower"):
        raise Conflict(
            "not_waiting", f"{row.node.kind} {name} is not waiting to be entered.", "`sandboxd why` says what waits."
        )
    row.skip = True
    row.marks.pop("raise", None)
    turn.changed(message.step)
    turn.state.planner.touch(message.step)
    turn.say(
        "step.skipped", f"{row.node.kind} {name} is skipped: {message.reason}", operation_id=operation.id, by=message.by
    )
    if operation.state in ("failed", "cancelled"):
        turn.move(operation, "retry")
        _reopen(turn, operation)
    turn.unwatch()


def extend(turn: Turn, message: Extend) -> None:
    """The moment at which a sandbox expires is moved."""
    record = _sandbox(turn, message.sandbox)
    if record.state in ("deleting", "deleted"):
        raise Conflict(f"sandbox_{record.state}", f"The sandbox is {record.state}.", "It cannot be extended any more.")
    record.expires_at = max(record.expires_at or turn.now, turn.now) + message.seconds
    turn.changed_scope(record.id)
    turn.say(
        "sandbox.extended", f"Sandbox {record.tenant}/{record.name} lives longer", sandbox_id=record.id, by=message.by
    )


def let_in(turn: Turn, message: LetIn) -> None:
    """Somebody gets a way into a desktop: that is told, the way is not."""
    record = _sandbox(turn, message.sandbox)
    words = f"{message.by or 'Somebody'} was let into the desktop of {record.tenant}/{record.name}"
    turn.say("sandbox.desktop_opened", words, sandbox_id=record.id, by=message.by)


def shown(turn: Turn, message: Shown) -> None:
    """A secret is shown: that is told, its value is not."""
    record = _sandbox(turn, message.sandbox)
    words = f"The credential {message.name} of {record.tenant}/{record.name} was shown"
    turn.say("sandbox.credentials_shown", words, sandbox_id=record.id, by=message.by)


# ---- finding
def _sandbox(turn: Turn, identifier: str) -> SandboxRecord:
    if identifier not in turn.state.sandboxes:
        raise NotFound(
            "sandbox_not_found", f"There is no sandbox {identifier!r}.", "`sandboxd sandbox list` shows all."
        )
    return turn.state.sandboxes[identifier]


def _row(turn: Turn, key: Key) -> Row:
    if key not in turn.state.planner.rows:
        raise NotFound("step_not_found", f"There is no step {key!r}.", "`sandboxd operation show` lists them.")
    return turn.state.planner.rows[key]


def _newest(turn: Turn, identifier: str) -> Operation:
    operation = turn.state.operations.get(identifier)
    if operation is None:
        raise NotFound("operation_not_found", f"There is no operation {identifier!r}.", "`sandboxd operation list`")
    if operation.superseded_by:
        later = turn.state.operations.get(operation.superseded_by)
        verb, name = later.verb if later else "command", operation.superseded_by
        raise Conflict("superseded", f"A later {verb} ({name}) superseded it.", f"Act on {name}.")
    return operation
