"""How long things take at AWS, in seconds: a literal table with spread, drawn once per resource from the world's seed.

Collected 2026-11 from public logs of runs against real AWS (NAT gateways 1m24s to 2m01s, instances tens of seconds).
"""

import random

CALL = 0.3

USUAL = {
    "machine.launch": (20.0, 40.0),
    "machine.start": (20.0, 40.0),
    "machine.stop": (20.0, 45.0),
    "machine.terminate": (30.0, 60.0),
    "agent.online": (60.0, 120.0),
    "nat-gateway.create": (84.0, 121.0),
    "nat-gateway.fail": (60.0, 100.0),
    "nat-gateway.delete": (42.0, 61.0),
    "vpc.create": (0.5, 2.0),
    "address.unbind": (1.0, 4.0),
    "account.create": (60.0, 300.0),
    "account.close": (60.0, 240.0),
}


def draw(rng: random.Random, name: str) -> float:
    """One duration, evenly between the ends that were seen."""
    low, high = USUAL[name]
    return round(rng.uniform(low, high), 3)
