"""Schedules that mutants are caught by: each makes the one thing likely that a mutant does wrong."""

from sandboxd.simulator.gate import Fault
from tests.faults.schedule import Case


def everyday(seed: int) -> Case:
    """The schedules that the engine itself goes through."""
    return Case(sandboxes=1 + seed % 2)


def late_stop(seed: int) -> Case:
    """Two sandboxes, so that one is started again while the other keeps the way out; one stop lands very late."""
    return Case(
        sandboxes=2, span="long", fault=("StopInstances", Fault(effect="late", reply="cut", after=130.0 + seed % 20))
    )


def class_of_two(_: int) -> Case:
    """Two sandboxes behind the same Envoys."""
    return Case(profile="training", sandboxes=2)


def _late(seed: int) -> Fault:
    """Something that lands when its caller has long repeated it, and others have gone on."""
    return Fault(effect="late", reply="cut", after=100.0 + seed % 50)


def a_class(_: int) -> Case:
    """One sandbox with images, keys and a secret of its own."""
    return Case(profile="training")


def late_delivery(seed: int) -> Case:
    """One delivery to an Envoy, now this one and now that, lands after the next one."""
    fault = ("SendCommand envoy-deliver", _late(seed))
    return Case(profile="training", sandboxes=2, span="long", fault=fault, before=seed % 10)


def lost_installer(_: int) -> Case:
    """The first installer runs, and its sender does not hear of it."""
    return Case(profile="model-bank", fault=("SendCommand install", Fault(effect="now", reply="cut")))


def whole_bank(_: int) -> Case:
    """A bank with everything."""
    return Case(profile="model-bank", parameters={"amq": True, "smart_client": True})


def late_policy(seed: int) -> Case:
    """Two tenants who pull from the same repositories; a policy of the one lands over that of the other."""
    return Case(profile="model-bank", tenants=2, fault=("SetRepositoryPolicy", _late(seed)))


def envoys_taken(_: int) -> Case:
    """Somebody takes Envoys and NAT gateways away, and all must be there again."""
    return Case(profile="training", losses="shared", span="long")


def bank_without_envoys(_: int) -> Case:
    """The same with routes of a sandbox's own at the balancer."""
    return Case(profile="model-bank", parameters={"amq": True}, losses="shared", span="long")


def gateway_taken(_: int) -> Case:
    """The same with nothing but a NAT gateway to take."""
    return Case(losses="shared", span="long")


def profile_taken(_: int) -> Case:
    """Somebody deletes the instance profile of machines that bear data."""
    return Case(sandboxes=2, losses="profiles", span="long")
