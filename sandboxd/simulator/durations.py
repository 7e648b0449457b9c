"""How long things take at AWS, in seconds: a literal table with spread, drawn once per resource from the world's seed.

Collected 2026-11 from public logs and reports of runs against real AWS; there is no official table. Each row holds the
ends between which such things were seen to take.
"""

import random

CALL = 0.3

USUAL = {
    "machine.launch": (20.0, 40.0),
    "machine.checks": (60.0, 150.0),
    "machine.start": (20.0, 40.0),
    "machine.stop": (20.0, 45.0),
    "machine.terminate": (30.0, 60.0),
    "machine.reboot": (20.0, 60.0),  # assumed
    "agent.online": (60.0, 120.0),
    "agent.asleep": (1800.0, 2400.0),  # an agent that boots without a way out sleeps before it tries again
    "nat-gateway.create": (84.0, 121.0),
    "nat-gateway.fail": (60.0, 100.0),
    "nat-gateway.delete": (42.0, 61.0),
    "interface.linger": (1.0, 15.0),  # for which a NAT gateway that is deleted still holds its subnet
    "load-balancer.create": (141.0, 190.0),
    "load-balancer.linger": (40.0, 150.0),  # for which its interfaces hold subnets and groups after it is gone
    "waf.sees": (5.0, 30.0),  # until WAF knows a load balancer that is active
    "waf.acl": (2.0, 15.0),  # until a new web ACL can be associated
    "waf.applies": (1.0, 10.0),  # until an association is read back
    "fleet.start": (600.0, 840.0),  # AppStream's guide says 10 to 20 min, the shorter end without a directory
    "fleet.stop": (240.0, 360.0),
    "fleet.delete": (150.0, 190.0),
    "fleet.linger": (60.0, 240.0),  # for which the interfaces of a stopped fleet hold its subnets (assumed)
    "vpc.create": (0.5, 2.0),
    "address.unbind": (1.0, 4.0),
    "grant.reach": (0.5, 4.0),  # until all of KMS knows a grant; documented: typically a few seconds, minutes at worst
    "machine.fail": (6.0, 10.0),  # from the launch to terminated, where a key or a quota of its volumes forbids it
    "profile.reach": (5.0, 15.0),  # until EC2 knows a new instance profile
    "command.deliver": (0.3, 1.5),  # until the agent has taken a command
    "command.listed": (0.5, 3.0),  # until reads know a command that was accepted
    "command.cancel": (1.0, 3.0),
    "installer.run": (640.0, 800.0),
    "probe.run": (0.5, 3.0),
    "region.enable": (180.0, 600.0),  # documented: a few minutes for most accounts, sometimes hours
    "account.create": (60.0, 300.0),
    "account.close": (60.0, 240.0),
}


def draw(rng: random.Random, name: str) -> float:
    """One duration, evenly between the ends that were seen."""
    low, high = USUAL[name]
    return round(rng.uniform(low, high), 3)
