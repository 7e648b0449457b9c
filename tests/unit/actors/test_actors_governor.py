"""Organization mutations go one by one and in order; everything else passes by."""

import trio
from trio.testing import wait_all_tasks_blocked

from sandboxd.actors.governor import Governor
from sandboxd.model.ports import Scope

SCOPE = Scope(account="1", region="us-east-1", role="")


async def test_governor_lets_one_mutation_through_at_a_time():
    """Two claims at once: the second waits, a read does not."""
    running, done, gate = [], [], trio.Event()

    async def call(scope, service, operation, parameters):
        running.append(operation)
        if operation == "MoveAccount":
            await gate.wait()
        done.append((operation, parameters["n"]))

    governor = Governor(call)
    async with trio.open_nursery() as nursery:
        for n in (1, 2):
            nursery.start_soon(governor, SCOPE, "organizations", "MoveAccount", {"n": n})
            await wait_all_tasks_blocked()
        await governor(SCOPE, "organizations", "ListParents", {"n": 3})
        assert running == ["MoveAccount", "ListParents"]
        assert governor.waiting == 1
        gate.set()
    assert done == [("ListParents", 3), ("MoveAccount", 1), ("MoveAccount", 2)]
