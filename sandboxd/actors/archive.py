"""Operations that are over for good and that no actor keeps any more, read from the store when somebody asks for one."""

import msgspec

from sandboxd.actors import views
from sandboxd.actors.shared import Shared
from sandboxd.actors.supervisor import Supervisor
from sandboxd.lifecycle.snapshots import decode_operation
from sandboxd.wire import things


class Archive:
    """What the directory asks for what it does not have."""

    def __init__(self, *, shared: Shared, supervisor: Supervisor) -> None:
        self._shared, self._supervisor = shared, supervisor

    def operation(self, identifier: str) -> things.Operation | None:
        """An operation with the steps it had; None where there never was one."""
        if (kept := self._shared.store.operation(identifier)) is None:
            return None
        account, blob = kept
        operation, state = decode_operation(blob, identifier), self._supervisor.actor(account).state
        view = views.operation_view(state, operation, account, self._shared.clock.now())
        return msgspec.structs.replace(view, steps=views.operation_steps(state, operation, {}))
