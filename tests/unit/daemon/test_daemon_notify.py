"""The watchdog is patted while the loop runs and the disk answers; more time is asked for while the loop cannot run."""

import socket
import threading

import pytest
import trio

from sandboxd.daemon import sd_notify
from sandboxd.model.ports import Batch
from sandboxd.store import Writer


@pytest.fixture
def told(tmp_path, monkeypatch):
    """A service manager, and what it hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(tmp_path / "notify"))
        ours.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2500000")
        yield lambda: ours.recv(4096).decode()


class StuckDisk:
    """A commit that does not come back before it is told to."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def commit(self, batches):
        self.over.wait(30)
        return [0] * len(batches)


async def test_no_pat_while_the_disk_does_not_answer(told, autojump_clock):
    """A commit that hangs longer than the writer's patience stops the pats, though the loop runs on."""
    disk, go_on = StuckDisk(), trio.Event()

    async def carry(commit, batches):
        await go_on.wait()
        return [0] * len(batches)

    async with trio.open_nursery() as nursery, Writer(disk, nursery=nursery, carry=carry) as writer:
        manager, pats = sd_notify.ServiceManager(), []
        manager.say = lambda *lines: pats.append((trio.current_time() - began, *lines))
        began = trio.current_time()
        nursery.start_soon(manager.pat, writer.is_alive)
        nursery.start_soon(writer.commit, Batch(actor="1"))
        await trio.sleep(60)
        assert [at for at, _ in pats] == list(range(10)), "one a second, for as long as the disk may take"
        go_on.set()
        await trio.sleep(3)
        assert pats[-1][0] > 60
        nursery.cancel_scope.cancel()


def test_more_time_is_asked_for_again_and_again(told, monkeypatch):
    """While something runs that cannot be told how long it takes; nothing is said afterwards."""
    monkeypatch.setattr(sd_notify, "EVERY", 0.01)
    with sd_notify.ServiceManager().busy("checking the store"):
        for _ in range(3):
            assert told() == "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=checking the store"
    assert not [thread for thread in threading.enumerate() if thread.name == "service manager"]


def test_nothing_is_said_where_nobody_listens(monkeypatch):
    """No service manager, no thread."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    before = threading.active_count()
    with sd_notify.ServiceManager().busy("checking the store"):
        assert threading.active_count() == before
