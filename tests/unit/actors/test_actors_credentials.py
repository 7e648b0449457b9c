"""A sandbox with secrets and software through desk, actor, engine and store: what is shown, what is told, and where no value is."""

import json
import logging

import pytest
import trio
from enginelab import REGION, Lab
from houselab import ANN, living
from msgspec import structs
from trio.testing import MockClock

from sandboxd.actors import resolving
from sandboxd.aws.kinds import specs
from sandboxd.aws.kinds.constellation import DEADLINE
from sandboxd.model.errors import NotFound, Unavailable
from sandboxd.model.keys import make_key
from sandboxd.model.resource import Need
from sandboxd.simulator.consistency import NEVER
from sandboxd.simulator.guest import Fault


@pytest.fixture
def autojump_clock():
    """Hours in milliseconds."""
    return MockClock(autojump_threshold=0)


@pytest.fixture
def software(monkeypatch):
    """`trial` with an agent, a secret, a constellation and a probe on its machine."""
    plain = resolving.expand

    def expand(*args, sandbox_id, **more):
        made = plain(*args, sandbox_id=sandbox_id, **more)
        machine = next(node.key for node in made.nodes if node.kind == "machine")
        agent, secret, bank, probe = (make_key(REGION, sandbox_id, name) for name in ("agent", "admin", "bank", "web"))
        path, s, on = f"/sandboxd/dev/{sandbox_id}/admin", specs(), {"machine": (machine,), "agent": (agent,)}
        values = {"password": {"secret": path}, "url": "https://bank.example"}
        nodes = (
            s["agent"].node(agent, {"machine": (machine,)}),
            s["secret"].node(secret, {}, path=path, length=20),
            s["constellation"].node(bank, on | {"secrets": (secret,)}, name="bank", values=values),
            s["probe"].node(probe, on | {"after": (bank,)}, probe="tcp", target="localhost:8443", deadline=60),
        )
        started = (*made.started, *(Need(node.key, 1) for node in nodes))
        kept = (*made.kept, Need(secret, 1), Need(bank, 1))
        return structs.replace(made, nodes=made.nodes + nodes, started=started, kept=kept)

    monkeypatch.setattr(resolving, "expand", expand)


def value_of(lab, account):
    """What AWS has."""
    return lab.world.rows.of(account, REGION, "parameter")[0].data["value"]


def disk(lab, account):
    """Of the only machine."""
    (row,) = lab.world.rows.of(account, REGION, "machine")
    return row.data["disk"]


async def test_a_secret_is_shown_once_per_asking_and_told(autojump_clock, tmp_path, software, caplog):
    """Each asking is an event with who asked; the value is in no file, event, log, command or view."""
    caplog.set_level(logging.DEBUG)
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create()).state == "succeeded"
        for _ in range(2):
            shown = await life.desk.commands.credential("acme/bank", "admin", ANN)
        value = value_of(lab, life.account)
        assert shown.value == value and value not in repr(shown) and len(value) == 20
        history = await life.desk.history(0, 1000)
        told = [one for one in history if one.type == "sandbox.credentials_shown"]
        assert [(one.by, one.message) for one in told] == [("ann", "The credential admin of acme/bank was shown")] * 2
        listed = lab.world.call(lab.world.caller(life.account), REGION, "ssm", "ListCommands", {})
        everything = (history, life.desk.snapshot(), life.desk.sandbox("acme/bank"), listed, caplog.text)
        assert [n for n, one in enumerate(everything) if value in str(one)] == []
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"credentials_shown" in kept and value.encode() not in kept


async def test_what_cannot_be_shown_says_why(autojump_clock, tmp_path, software):
    """No such name, AWS does not answer, and gone; nothing is told of what was not shown."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        await life.create()
        with pytest.raises(NotFound, match="has no credential 'admim'") as caught:
            await life.desk.commands.credential("acme/bank", "admim", ANN)
        assert caught.value.hint == "Did you mean 'admin'?"
        lab.disturb("GetParameter", "drop")
        with pytest.raises(Unavailable, match="AWS did not answer"):
            await life.desk.commands.credential("acme/bank", "admin", ANN)
        path = lab.world.rows.of(life.account, REGION, "parameter")[0].data["name"]
        lab.world.call(lab.world.caller(life.account), REGION, "ssm", "DeleteParameter", {"Name": path})
        with pytest.raises(NotFound, match="is not in account"):
            await life.desk.commands.credential("acme/bank", "admin", ANN)
        assert "sandbox.credentials_shown" not in json.dumps([one.type for one in await life.desk.history(0, 1000)])


async def test_a_sandbox_with_software_lives(autojump_clock, tmp_path, software):
    """Create, stop, start, delete: installed once, its secret stays through the stop, probed at each start; nothing is left."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        assert (await life.create()).state == "succeeded"
        value = value_of(lab, life.account)
        assert (await life.command("stop")).state == "succeeded"
        assert (await life.command("start")).state == "succeeded"
        assert value_of(lab, life.account) == value
        assert disk(lab, life.account)["install bank"]["runs"] == 1
        assert (await life.command("delete")).state == "succeeded"
        assert lab.world.rows.of(life.account, REGION, "parameter") == []


async def test_a_failed_installer_fails_the_operation_and_is_retried_alone(autojump_clock, tmp_path, software):
    """With its exit code as the reason; the retry launches nothing."""
    lab = Lab()
    lab.world.guest_hook = lambda _account, verb, _now: Fault(code=7) if verb == "install" else None
    async with living(lab, tmp_path) as life:
        await life.onboard()
        failed = await life.create()
        assert failed.state == "failed"
        assert life.desk.sandbox("acme/bank").state == "initializing_failed"
        assert "the installer of bank ended with exit code 7" in str(failed)
        lab.world.guest_hook = lambda *_: None
        lab.calls.clear()
        await life.desk.commands.retry(failed.id, None, ANN, None, "")
        assert (await life.over(failed)).state == "succeeded"
        assert not {"RunInstances", "StartInstances", "PutParameter"} & set(lab.mutations)
        assert disk(lab, life.account)["install bank"]["runs"] == 2


async def test_an_installer_that_never_reports_fails_the_operation(autojump_clock, tmp_path, software):
    """After its deadline, with that reason."""
    lab = Lab()
    lab.world.guest_hook = lambda _account, verb, _now: Fault(never=True) if verb == "install" else None
    async with living(lab, tmp_path) as life:
        await life.onboard()
        began = trio.current_time()
        failed = await life.create()
        assert failed.state == "failed" and "did not end in time" in str(failed)
        assert DEADLINE <= trio.current_time() - began < 3600


async def test_a_delete_asked_in_the_middle_does_not_wait_for_the_installer(autojump_clock, tmp_path, software):
    """The command is cancelled, the machine terminated."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()
        lab.world.guest_hook = lambda _account, verb, _now: Fault(never=True) if verb == "install" else None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.create)
            while not any(row.state(lab.clock.now()) == "InProgress" for row in _installs(lab, life.account)):
                await trio.sleep(5)
            began = trio.current_time()
            assert (await life.command("delete")).state == "succeeded"
            assert trio.current_time() - began < 400
        assert [row.state(lab.clock.now()) for row in _installs(lab, life.account)] == ["Cancelled"]


def _installs(lab, account):
    rows = lab.world.rows.of(account, REGION, "command")
    return [row for row in rows if row.data["parameters"]["commands"][0].startswith("#sandboxd install")]


async def test_a_silent_agent_is_woken_and_the_create_succeeds(autojump_clock, tmp_path, software):
    """A10: one reboot, told as what the step waits for."""
    lab = Lab()
    async with living(lab, tmp_path) as life:
        await life.onboard()

        async def put_to_sleep():
            while not (rows := lab.world.rows.of(life.account, REGION, "machine")):
                await trio.sleep(1)
            rows[0].data["agent_at"] = NEVER

        async with trio.open_nursery() as nursery:
            nursery.start_soon(put_to_sleep)
            assert (await life.create()).state == "succeeded"
        assert lab.mutations.count("RebootInstances") == 1
