"""The literal table of all kinds of resources. A new kind is one file beside these and one row here."""

from sandboxd.aws.kind import Kind
from sandboxd.aws.kinds import (
    account_claim,
    elastic_ip,
    image_share,
    instance_profile,
    instance_role,
    internet_gateway,
    key_grant,
    machine,
    nat_gateway,
    repository_share,
    route,
    route_table,
    route_table_association,
    security_group,
    security_group_rule,
    subnet,
    volume,
    vpc,
)
from sandboxd.model.kind import KindSpec

KINDS: tuple[Kind, ...] = (
    instance_role.KIND,
    instance_profile.KIND,
    image_share.KIND,
    key_grant.KIND,
    repository_share.KIND,
    vpc.KIND,
    subnet.KIND,
    internet_gateway.KIND,
    route_table.KIND,
    route.KIND,
    route_table_association.KIND,
    security_group.KIND,
    security_group_rule.KIND,
    elastic_ip.KIND,
    nat_gateway.KIND,
    machine.KIND,
    volume.KIND,
    account_claim.KIND,
)


def by_name() -> dict[str, Kind]:
    """Return the kinds by name: what the engine is given."""
    return {kind.spec.name: kind for kind in KINDS}


def specs() -> dict[str, KindSpec]:
    """Return the specs by name: what planning and profile are given."""
    return {kind.spec.name: kind.spec for kind in KINDS}
