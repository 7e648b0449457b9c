"""A part: one way into one sandbox; and where things are on a machine that runs Envoy. Knows nothing of Envoy's own words."""

from typing import Literal

from msgspec import Struct

Layer = Literal["http", "tls", "tcp"]
HTTP, TLS = "http", "tls"
"""names of the two listeners that sandboxes share"""


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One route of one sandbox; `host` for http and tls, `listen` (the balancer's port and Envoy's) for tcp."""

    sandbox: str
    """the id"""
    tenant: str
    name: str
    """the sandbox's"""
    route: str
    layer: Layer
    address: str
    """of the machine that serves it"""
    port: int
    host: str = ""
    listen: int = 0
    encrypted: bool = False
    """http: the machine's port speaks TLS. It is encrypted, its certificate is not checked: machines sign their own"""
    connections: int = 0
    """tcp and tls: most connections at once on one Envoy; 0 is no limit of its own"""

    @property
    def key(self) -> str:
        """Names the part, its cluster and its listener in Envoy."""
        return f"{self.sandbox}/{self.route}"


class Place(Struct, frozen=True, kw_only=True):
    """Where things are on a machine: what the image brings, and what we put there."""

    folder: str = "/etc/sandboxd-envoy"
    """on one file system: files are renamed into it"""
    envoy: str = "/usr/local/bin/envoy"
    admin: str = "/run/sandboxd-envoy/admin.sock"
    """a socket, not a port: nobody reaches it over the network, nor through Envoy"""
    address: str = "0.0.0.0"  # noqa: S104 - the balancers reach it at the machine's address; groups say who else
    http: int = 8080
    tls: int = 8443
    unit: str = "/etc/systemd/system/sandboxd-envoy.service"
    connections: int = 20_000
    """most connections of all sandboxes at once"""


def host_of(route: str, sandbox: str, tenant: str, domain: str) -> str:
    """Return the name under which a route of a sandbox answers."""
    return f"{route}-{sandbox}.{tenant}.{domain}".lower()
