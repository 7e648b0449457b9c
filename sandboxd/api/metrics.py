"""Gauges and counters in Prometheus's text format, from what the desk shows. A dozen lines need no library.

Labels hold states only, never names of tenants: what a metric says may leave the machine.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sandboxd.api.desk import Desk
from sandboxd.api.route import About


def render(desk: Desk, about: About) -> bytes:
    """Return all metrics."""
    accounts = desk.accounts()
    depths = [account.mailbox.depth for account in accounts]
    lines = [
        *_metric("sandboxd_info", "gauge", "The daemon.", [({"version": about.version}, 1)]),
        *_metric("sandboxd_healthy", "gauge", "1 when nothing is degraded.", [({}, int(desk.health().status == "ok"))]),
        *_by_state("sandboxd_accounts", "Accounts.", (account.state for account in accounts)),
        *_by_state("sandboxd_tenants", "Tenants.", (tenant.state for tenant in desk.tenants())),
        *_by_state("sandboxd_sandboxes", "Sandboxes.", (sandbox.state for sandbox in desk.sandboxes())),
        *_metric(
            "sandboxd_sandboxes_degraded",
            "gauge",
            "Sandboxes of which something waits for a person.",
            [({}, sum(sandbox.health == "degraded" for sandbox in desk.sandboxes()))],
        ),
        *_by_state("sandboxd_operations", "Operations.", (operation.state for operation in desk.operations())),
        *_metric(
            "sandboxd_operations_blocked",
            "gauge",
            "Running operations whose steps this version does not know.",
            [({}, sum(one.state == "running" and one.code == "step_unknown" for one in desk.operations()))],
        ),
        *_metric("sandboxd_pool_available", "gauge", "Accounts that wait for tenants.", [({}, desk.pool().available)]),
        *_metric("sandboxd_mailbox_depth", "gauge", "Messages that wait in all mailboxes.", [({}, sum(depths))]),
        *_metric("sandboxd_mailbox_depth_max", "gauge", "Messages in the fullest one.", [({}, max(depths, default=0))]),
        *_metric(
            "sandboxd_operations_without_owner",
            "gauge",
            "Running operations that nobody works for.",
            [({}, desk.without_owner())],
        ),
        *_metric(
            "sandboxd_steps_overdue",
            "gauge",
            "Steps in flight that take more than twice as long as usual.",
            [({}, desk.overdue())],
        ),
        *_metric(
            "sandboxd_accounts_recovering",
            "gauge",
            "Accounts whose actor broke and is tried again.",
            [({}, desk.in_trouble())],
        ),
        *_metric("sandboxd_events_total", "counter", "Events of the store.", [({}, desk.feed.position)]),
        *_metric("sandboxd_event_streams", "gauge", "Open event streams.", [({}, about.streams())]),
        *_metric(
            "sandboxd_http_requests_total",
            "counter",
            "Answered requests.",
            [({"status": str(status)}, n) for status, n in sorted(about.answered.items())],
        ),
    ]
    return ("\n".join(lines) + "\n").encode()


def _by_state(name: str, text: str, states: Iterable[str]) -> list[str]:
    return _metric(name, "gauge", text, [({"state": state}, n) for state, n in sorted(Counter(states).items())])


def _metric(name: str, kind: str, text: str, samples: Iterable[tuple[Mapping[str, str], int]]) -> list[str]:
    head = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    return head + [f"{name}{_labels(labels)} {value}" for labels, value in samples]


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escaped = {k: v.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"") for k, v in labels.items()}
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"
