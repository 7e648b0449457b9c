"""What runs on a machine, for the engine's laboratory: agent, secret, constellation and probe over the graph of a sandbox."""

from enginelab import REGION, Driver, image_of, nodes, own, zone_of
from operations import FULL

from sandboxd.aws.kinds import specs

ACP, AGENT, SECRET, BANK, PROBE = (own(name) for name in ("acp", "agent-acp", "secret-admin", "bank", "probe-web"))
PATH = f"/sandboxd/dev/{REGION}/admin"
WITH_SECRET = FULL | {"parameter": 1}


def software():
    """Nodes that stand on the machine `acp`."""
    s, on = specs(), {"machine": (ACP,), "agent": (AGENT,)}
    values = {"url": "https://bank.example", "hostile": "'; reboot; {{ssm:/x}} $(id)", "password": {"secret": PATH}}
    return [
        s["agent"].node(AGENT, {"machine": (ACP,)}),
        s["secret"].node(SECRET, {}, path=PATH, length=20),
        s["constellation"].node(BANK, on | {"secrets": (SECRET,)}, name="bank", values=values),
        s["probe"].node(PROBE, on | {"after": (BANK,)}, probe="http", target="http://localhost/health", deadline=60),
    ]


async def driver_of(lab, **settings):
    """A driver over a sandbox with its software."""
    return Driver(lab, [*nodes(await image_of(lab), await zone_of(lab)), *software()], **settings)


def machine_row(lab):
    """The machine that lives."""
    rows = lab.world.rows.of(lab.account, REGION, "machine")
    return next(row for row in rows if row.state(lab.clock.now()) not in ("terminated", "shutting-down"))


def runs(lab, name="bank"):
    """How often an installer was really begun on the machine."""
    return machine_row(lab).data.get("disk", {}).get(f"install {name}", {}).get("runs", 0)


def commands(lab, verb):
    """The commands that were sent, of one verb."""
    rows = lab.world.rows.of(lab.account, REGION, "command")
    return [row for row in rows if row.data["parameters"]["commands"][0].startswith(f"#sandboxd {verb} ")]
