"""What runs on machines: agents, secrets, constellations, probes; what counts is what the machine did, and how often."""

import msgspec
import pytest
import trio
from enginelab import IDENTITY, REGION, Lab
from simweather import ScriptedWeather
from softwarelab import ACP, AGENT, BANK, PATH, PROBE, SECRET, WITH_SECRET, commands, driver_of, machine_row, runs

from sandboxd.engine import tags
from sandboxd.lifecycle.messages import Ended, Progress
from sandboxd.simulator.consistency import CALM, NEVER
from sandboxd.simulator.guest import Fault

WAYS = ("lose", "drop", "late", "crash-before", "crash-after", "empty", "InternalError", "RequestLimitExceeded")


async def up(lab, **settings):
    """A sandbox with everything on it."""
    driver = await driver_of(lab, **settings)
    await driver.raise_all()
    return driver


async def until_agent(lab, **settings):
    """A sandbox whose agent is online and whose secret is there."""
    driver = await driver_of(lab, **settings)
    await driver.raise_all({BANK: 0, PROBE: 0})
    return driver


def failing(**faults):
    """A guest that fails as told, by verb."""
    return lambda _account, verb, _now: faults.get(verb)


async def test_everything_comes_up_and_goes(autojump_clock):
    """One run, one secret; progress is the last line of the log; nothing is left."""
    lab = Lab()
    driver = await up(lab)
    assert lab.there() == WITH_SECRET and runs(lab) == 1
    told = [one.text for one in driver.messages if isinstance(one, Progress) and one.key == BANK]
    assert any("step 6 of 12" in text for text in told)
    await driver.lower_all()
    assert lab.there() == {}


async def test_a_stop_keeps_what_was_installed(autojump_clock):
    """Machine, agent and probe go through the stop; the constellation is not installed again."""
    lab = Lab()
    driver = await up(lab)
    await driver.lower_all({key: {ACP: 1, AGENT: 0, PROBE: 0}.get(key, 9) for key in driver.rows})
    await driver.raise_all()
    assert runs(lab) == 1 and len(commands(lab, "install")) == 1
    assert len(commands(lab, "probe")) == 2


@pytest.mark.parametrize("way", WAYS)
async def test_an_installer_runs_once_however_its_command_is_lost(autojump_clock, way):
    """The second SendCommand is the installer's, the first one is an echo."""
    lab = Lab()
    async with trio.open_nursery() as lab.nursery:
        driver = await driver_of(lab)
        lab.disturb("SendCommand", "", way)
        deaths = await driver.through(driver.raise_all)
        await trio.sleep(400)
        assert deaths == way.startswith("crash")
        assert runs(lab) == 1
        assert not lab.faults["SendCommand"]


@pytest.mark.parametrize(("hidden", "settle"), [(20, 300), (90, 5)])
async def test_a9_a_command_that_lists_do_not_show_is_not_sent_again(autojump_clock, hidden, settle):
    """Killed two seconds after the call. Where lists show it after the settle time only, the lock on the machine saves it."""
    lab = Lab()
    driver = await until_agent(lab, settle=settle)
    lab.world.weather = ScriptedWeather(haze={"seen_from": hidden})
    lab.disturb("SendCommand", "crash-after")

    async def clear_up():
        while not commands(lab, "install"):
            await trio.sleep(1)
        lab.world.weather = CALM

    async with trio.open_nursery() as nursery:
        nursery.start_soon(clear_up)
        assert await driver.through(driver.raise_all, pause=3) == 1
    assert runs(lab) == 1
    assert len(commands(lab, "install")) == (1 if settle > hidden else 2)


async def test_the_mark_is_authenticated(autojump_clock):
    """A command of somebody else's that looks like ours is not taken for ours."""
    lab = Lab()
    driver = await until_agent(lab)
    (secret,) = commands(lab, "echo")
    assert secret.data["comment"].startswith(f"sandboxd echo {AGENT}#1")
    mac = tags.make(IDENTITY, driver.who, AGENT, 1)[tags.MAC]
    assert secret.data["comment"].endswith(mac) and len(secret.data["comment"]) <= 100


async def test_a_failed_constellation_is_retried_alone(autojump_clock):
    """It ends with the exit code, for good; the next generation runs it again, everything else stays as it is."""
    lab = Lab()
    driver = await until_agent(lab)
    lab.world.guest_hook = failing(install=Fault(code=7))
    ended = await driver.step(BANK, "raise", 1)
    assert (ended.left, ended.how, ended.code) == ("spoiled", "permanent", "constellation_failed")
    assert ended.reason.startswith("the installer of bank ended with exit code 7. Its log is")
    lab.world.guest_hook = failing()
    lab.calls.clear()
    assert (await driver.step(BANK, "lower", 0)).left == "done"
    assert (await driver.step(BANK, "raise", 1)).left == "done"
    assert runs(lab) == 2 and set(lab.mutations) == {"CancelCommand", "SendCommand"}


async def test_an_installer_that_never_reports_ends(autojump_clock):
    """By the agent's timeout, or before by a look after the deadline."""
    lab = Lab()
    driver = await until_agent(lab)
    lab.world.guest_hook = failing(install=Fault(never=True))
    ended = await driver.step(BANK, "raise", 1)
    assert (ended.how, ended.code) == ("permanent", "constellation_timed_out")
    assert ended.reason.startswith("the installer of bank did not end in time, and was ended. Its log is")


async def test_a_turned_installer_is_cancelled(autojump_clock):
    """Two minutes into it: the command is cancelled, and nothing runs on the machine any more."""
    lab = Lab()
    driver = await until_agent(lab)
    start = driver.begin(BANK, "raise", 1)
    with trio.move_on_after(120):
        await driver.carry_out(BANK, start)
    assert driver.rows[BANK].waiting
    assert (await driver.step(BANK, "lower", 0)).left == "done"
    await trio.sleep(5)
    assert commands(lab, "install")[0].state(lab.clock.now()) == "Cancelled"
    assert machine_row(lab).data["disk"]["install bank"]["ends"] < lab.clock.now()


@pytest.mark.parametrize("way", [way for way in WAYS if way != "empty"])
async def test_a_cancel_that_is_lost_is_made_again(autojump_clock, way):
    """Whatever becomes of the call, nothing runs in the end, and nothing is installed twice."""
    lab = Lab()
    async with trio.open_nursery() as lab.nursery:
        driver = await until_agent(lab)
        start = driver.begin(BANK, "raise", 1)
        with trio.move_on_after(120):
            await driver.carry_out(BANK, start)
        driver.rows[BANK].flight = None
        lab.disturb("CancelCommand", way)
        assert await driver.through(
            lambda: driver.lower_all({key: 9 for key in driver.rows if key != BANK})
        ) == way.startswith("crash")
        await trio.sleep(100)
        assert machine_row(lab).data["disk"]["install bank"]["ends"] < lab.clock.now()
        assert runs(lab) == 1


# ---- agents
async def test_a10_a_silent_agent_is_woken_once(autojump_clock):
    """One reboot after ten minutes, recorded in the facts."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.raise_all({AGENT: 0, BANK: 0, PROBE: 0})
    machine_row(lab).data["agent_at"] = NEVER
    began = lab.clock.now()
    assert (await driver.step(AGENT, "raise", 1)).left == "done"
    assert lab.mutations.count("RebootInstances") == 1
    assert 600 < lab.clock.now() - began < 900
    assert driver.rows[AGENT].facts["nudged"] == str(driver.rows[AGENT].run)


async def test_each_attempt_may_wake_it_once(autojump_clock):
    """A machine without a role is rebooted in vain, and not again by the next life; who gave it one and retries is helped."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.raise_all({AGENT: 0, BANK: 0, PROBE: 0})
    machine, profile = machine_row(lab), dict(machine_row(lab).data["profile"])
    machine.data |= {"agent_at": NEVER, "profile": {}}
    for work in (lambda: driver.step(AGENT, "raise", 1), lambda: driver.resume(AGENT)):
        with trio.move_on_after(1500):
            await work()
        assert lab.mutations.count("RebootInstances") == 1
    machine.data["profile"] = profile
    assert (await driver.step(AGENT, "raise", 1)).left == "done"
    assert lab.mutations.count("RebootInstances") == 2


async def test_a40_an_agent_of_the_former_boot_is_none(autojump_clock):
    """The row is still there after the start; nothing is sent before a ping of this boot."""
    lab = Lab()
    driver = await until_agent(lab)
    lab.world.weather = ScriptedWeather(late=240.0)
    await driver.step(AGENT, "lower", 0)
    await driver.step(ACP, "lower", 1)
    await driver.step(ACP, "raise", 2)
    lab.calls.clear()
    assert (await driver.step(AGENT, "raise", 1)).left == "done"
    assert lab.mutations == []
    assert (await driver.step(AGENT, "raise", 2)).left == "done"
    assert lab.mutations == ["SendCommand"]
    told = [one.text for one in driver.messages if isinstance(one, Progress) and one.key == AGENT]
    assert "the agent is shown as it was before this boot" in told


async def test_online_is_not_enough(autojump_clock):
    """The agent is lost just after its ping: its echo does not return until it is back."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.raise_all({AGENT: 0, BANK: 0, PROBE: 0})
    row = machine_row(lab)
    await driver.step(AGENT, "raise", 1)
    row.data["agent_lost_at"] = row.data["agent_at"] + 1
    async with trio.open_nursery() as nursery:
        ended = []

        async def rise():
            ended.append(await driver.step(AGENT, "raise", 2))

        nursery.start_soon(rise)
        await trio.sleep(250)
        assert not ended and len(commands(lab, "echo")) >= 2
        row.data["agent_lost_at"] = NEVER
        await trio.sleep(300)
    assert ended[0].left == "done"


@pytest.mark.parametrize("what", ["young", "stopped", "bare", "stale"])
async def test_a27_invalid_instance_id_is_explained(autojump_clock, what):
    """Four worlds, four reasons; AWS's own words are in none of them."""
    lab = Lab()
    driver = await until_agent(lab)
    row = machine_row(lab)
    match what:
        case "stopped":
            lab.world.call(lab.world.caller(lab.account), REGION, "ec2", "StopInstances", {"InstanceIds": [row.id]})
            await trio.sleep(100)
        case "bare":
            row.data |= {"profile": {}, "agent_at": NEVER}
        case "young":
            row.data |= {"agent_at": lab.clock.now() + 120}
        case "stale":
            now = lab.clock.now()
            row.data |= {"agent_at": now + 120, "agent_former": [now + 100, row.data["launched"] - 60]}
    ended = await driver.step(BANK, "raise", 1)
    told = [one.text for one in driver.messages if isinstance(one, Progress) and one.key == BANK]
    said = [ended.reason, *told]
    assert not any("not in a valid state" in text for text in said)
    expected = {
        "stopped": ("permanent", "is stopped"), "bare": ("permanent", "has no instance profile"),
        "young": ("temporary", "has not registered since the boot"), "stale": ("temporary", "as it was before the boot"),
    }[what]  # fmt: skip
    assert (ended.left == "done") == (expected[0] == "temporary")
    assert ended.how == expected[0] or ended.left == "done"
    assert any(expected[1] in text for text in said)


# ---- secrets
async def test_no_secret_is_anywhere_but_in_aws(autojump_clock):
    """The canary: rows, intents, messages, commands, and what was asked of AWS beside the one call."""
    lab = Lab()
    driver = await up(lab)
    value = lab.world.rows.of(lab.account, REGION, "parameter")[0].data["value"]
    assert len(value) == 20 and value.isalnum()
    listed = lab.world.call(lab.world.caller(lab.account), REGION, "ssm", "ListCommands", {})
    asked = [parameters for operation, _, parameters in lab.calls if operation != "PutParameter"]
    for place in (driver.rows, driver.messages, asked, listed):
        assert value not in str(place)
    assert value not in msgspec.json.encode(list(driver.rows.values())).decode()


@pytest.mark.parametrize("way", WAYS)
async def test_a_secret_is_made_once(autojump_clock, way):
    """Its name decides; what a lost call made is ours, with the value that AWS took first."""
    lab = Lab()
    async with trio.open_nursery() as lab.nursery:
        driver = await driver_of(lab)
        lab.disturb("PutParameter", way)
        assert await driver.through(driver.raise_all) == way.startswith("crash")
        await trio.sleep(400)
        (row,) = lab.world.rows.of(lab.account, REGION, "parameter")
        assert row.data["version"] == 1
        lab.disturb("DeleteParameter", way if way != "empty" else "lose")
        assert await driver.through(driver.lower_all) == way.startswith("crash")
        await trio.sleep(400)
        assert lab.there() == {}


async def test_somebody_elses_parameter_of_that_name_is_left_alone(autojump_clock):
    """Said with its name, for good."""
    lab = Lab()
    driver = await driver_of(lab)
    theirs = {"Name": PATH, "Type": "String", "Value": "theirs"}
    lab.world.call(lab.world.caller(lab.account), REGION, "ssm", "PutParameter", theirs)
    ended = await driver.step(SECRET, "raise", 1)
    assert (ended.how, ended.code) == ("permanent", "ParameterAlreadyExists")
    assert f"{PATH} is there and not ours" in ended.reason
    assert lab.world.rows.of(lab.account, REGION, "parameter")[0].data["value"] == "theirs"


async def test_a_secret_that_was_left_over_is_found(autojump_clock):
    """The proof of zero names it by its tags."""
    lab = Lab()
    driver = await driver_of(lab)
    await driver.step(SECRET, "raise", 1)
    found = []
    await driver.engine.survey(driver.who, (REGION,), {}, found.append)
    assert [(one.key, one.kind, one.id) for one in found[0].found] == [(SECRET, "secret", PATH)]


# ---- probes
async def test_a_probe_that_never_passes_fails_at_its_deadline(autojump_clock):
    """With what it asked, and not with what the machine said."""
    lab = Lab()
    lab.world.guest_hook = failing(probe=Fault())
    driver = await driver_of(lab)
    await driver.raise_all({PROBE: 0})
    began = lab.clock.now()
    ended: Ended = await driver.step(PROBE, "raise", 1)
    assert (ended.how, ended.code) == ("permanent", "probe_failed")
    assert ended.reason.startswith("the http probe of http://localhost/health ended with exit code 1. Look at")
    assert 60 <= lab.clock.now() - began < 100
