"""The literal table of all kinds of resources. A new kind is one file beside these and one row here."""

from sandboxd.aws.kind import Kind
from sandboxd.aws.kinds import (
    account_claim,
    agent,
    appstream_association,
    appstream_fleet,
    appstream_stack,
    constellation,
    desktop_share,
    elastic_ip,
    image_share,
    ingress_route,
    instance_profile,
    instance_role,
    internet_gateway,
    key_grant,
    listener,
    load_balancer,
    machine,
    nat_gateway,
    network_interface,
    probe,
    region,
    repository_share,
    route,
    route_table,
    route_table_association,
    secret,
    security_group,
    security_group_rule,
    service_linked_role,
    service_role,
    subnet,
    target_group,
    target_registration,
    volume,
    vpc,
    web_acl,
    web_acl_association,
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
    network_interface.KIND,
    agent.KIND,
    secret.KIND,
    constellation.KIND,
    probe.KIND,
    region.KIND,
    ingress_route.KIND,
    load_balancer.KIND,
    target_group.KIND,
    listener.KIND,
    target_registration.KIND,
    web_acl.KIND,
    web_acl_association.KIND,
    desktop_share.KIND,
    service_role.KIND,
    service_linked_role.KIND,
    appstream_stack.KIND,
    appstream_fleet.KIND,
    appstream_association.KIND,
    account_claim.KIND,
)


def by_name() -> dict[str, Kind]:
    """Return the kinds by name: what the engine is given."""
    return {kind.spec.name: kind for kind in KINDS}


def specs() -> dict[str, KindSpec]:
    """Return the specs by name: what planning and profile are given."""
    return {kind.spec.name: kind.spec for kind in KINDS}
