"""The steps of the scripted create. Data only.

Name, scope (empty: the sandbox's own), kind, action, entered state, how it stands, what it needs, usual seconds, and
when it began and ended, in seconds after the create.
"""

from typing import Final, TypeAlias

Row: TypeAlias = tuple[
    str, str, str, str, str, str, tuple[str, ...], float | None, float | None, float | None
]  # fmt: skip

CREATION: Final[tuple[Row, ...]] = (
    ("vpc", "shared", "vpc", "create", "present", "done", (), 2, 0.4, 3.1),
    ("igw", "shared", "internet-gateway", "create", "made", "done", (), 1, 0.4, 1.2),
    ("igw+", "shared", "internet-gateway", "attach", "attached", "done", ("vpc",), 1, 3.2, 4.1),
    ("public-a", "shared", "subnet", "create", "present", "done", ("vpc",), 2, 3.2, 5.6),
    ("public", "shared", "route-table", "create", "present", "done", ("vpc",), 1, 3.2, 4.0),
    ("public-default", "shared", "route", "create", "present", "done", ("public", "igw+"), 1, 4.2, 5.0),
    ("public-a-assoc", "shared", "route-table-association", "create", "present", "done", ("public", "public-a"), 1, 5.7, 6.4),
    ("private", "shared", "route-table", "create", "present", "done", ("vpc",), 1, 3.2, 4.1),
    ("eip", "shared", "elastic-ip", "create", "present", "done", (), 1, 0.4, 1.6),
    ("nat", "shared", "nat-gateway", "create", "present", "waiting", ("public-a", "eip", "igw+"), 105, 5.7, None),
    ("private-default", "shared", "route", "create", "present", "pending", ("private", "nat"), 1, None, None),
    ("subnet", "", "subnet", "create", "present", "done", ("vpc",), 2, 3.2, 5.5),
    ("subnet-assoc", "", "route-table-association", "create", "present", "done", ("private", "subnet"), 1, 5.6, 6.5),
    ("acp-sg", "", "security-group", "create", "made", "done", ("vpc",), 1, 3.2, 4.4),
    ("acp-sg+", "", "security-group", "close", "closed", "done", (), 1, 4.5, 5.2),
    ("ocp-sg", "", "security-group", "create", "made", "done", ("vpc",), 1, 3.3, 4.5),
    ("ocp-sg+", "", "security-group", "close", "closed", "done", (), 1, 4.6, 5.4),
    ("acp-egress-1", "", "security-group-rule", "create", "present", "done", ("acp-sg+",), 1, 5.3, 6.0),
    ("acp-egress-2", "", "security-group-rule", "create", "present", "backing-off", ("acp-sg+", "ocp-sg+"), 1, 5.5, 86.0),
    ("ocp-egress-1", "", "security-group-rule", "create", "present", "done", ("ocp-sg+",), 1, 5.5, 6.2),
    ("acp", "", "machine", "launch", "running", "pending", ("subnet", "acp-sg+", "private-default", "subnet-assoc", "acp-egress-1", "acp-egress-2"), 38, None, None),
    ("ocp", "", "machine", "launch", "running", "pending", ("subnet", "ocp-sg+", "private-default", "subnet-assoc", "ocp-egress-1"), 34, None, None),
)  # fmt: skip
