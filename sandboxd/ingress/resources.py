"""Parts in Envoy's words: clusters, virtual hosts and listeners of its version 3 API. Nothing of files, versions or delivery.

What the numbers are for: https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge
"""

from collections.abc import Sequence
from typing import Any

from sandboxd.ingress.parts import HTTP, TLS, Part, Place

Words = dict[str, Any]
_API = "type.googleapis.com/envoy."
_BUFFER = 32_768
ROUTES = "ingress"
"""name of the one route configuration"""
HEALTH = "/healthz"
"""what the balancers ask, at a machine's address as host: a sandbox's own /healthz stays its own"""


def typed(of: str, /, **words: Any) -> Words:
    """Words of a type of Envoy's."""
    return {"@type": _API + of, **words}


def clusters(parts: Sequence[Part]) -> list[Words]:
    """One for each part: its machine."""
    return [_cluster(part) for part in parts]


def _cluster(part: Part) -> Words:
    endpoint = {"endpoint": {"address": _address(part.address, part.port)}}
    words: Words = {
        "name": part.key,
        "type": "STATIC",
        "connect_timeout": "5s",
        "per_connection_buffer_limit_bytes": _BUFFER,
        "load_assignment": {"cluster_name": part.key, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    if part.layer == "http":
        # let go of idle connections before a usual server does, so that no request meets one that is being closed
        idle = {
            "common_http_protocol_options": {"idle_timeout": "4s"},
            "explicit_http_config": {"http_protocol_options": {}},
        }
        options = "extensions.upstreams.http.v3.HttpProtocolOptions"
        words["typed_extension_protocol_options"] = {"envoy." + options: typed(options, **idle)}
        if part.encrypted:
            context = typed("extensions.transport_sockets.tls.v3.UpstreamTlsContext", sni=part.host)
            words["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": context}
    return words


def routes(parts: Sequence[Part]) -> Words:
    """A virtual host for each http part; another host gets 404 from Envoy, the balancers their health."""
    hosts = [_host(part) for part in parts if part.layer == "http"]
    return {"name": ROUTES, "ignore_port_in_host_matching": True, "virtual_hosts": [*hosts, _NOBODY]}


def _host(part: Part) -> Words:
    # a request that surely was not begun is tried once more; what may have had an effect never is
    again = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 1}
    # an answer may take as long as it likes, but not be silent for five minutes
    action = {"cluster": part.key, "timeout": "0s", "idle_timeout": "300s", "retry_policy": again}
    return {"name": part.key, "domains": [part.host], "routes": [{"match": {"prefix": "/"}, "route": action}]}


def _direct(match: Words, status: int, text: str) -> Words:
    return {"match": match, "direct_response": {"status": status, "body": {"inline_string": text + "\n"}}}


_NOBODY: Words = {
    "name": "nobody",
    "domains": ["*"],
    "routes": [_direct({"path": HEALTH}, 200, "ok"), _direct({"prefix": "/"}, 404, "there is no such sandbox here")],
}


def listeners(parts: Sequence[Part], place: Place, routing: Words) -> list[Words]:
    """The http listener, always; tls where a part wants it; one for each tcp part, so that one cannot take others away."""
    chains = [_passing(part) for part in parts if part.layer == "tls"]
    inspector = "extensions.filters.listener.tls_inspector.v3.TlsInspector"
    looks = {"listener_filters": [{"name": "envoy.filters.listener.tls_inspector", "typed_config": typed(inspector)}]}
    return [
        _listener(HTTP, place, place.http, [{"filters": [_http(routing)]}]),
        *([_listener(TLS, place, place.tls, chains, **looks)] if chains else []),
        *(_listener(one.key, place, one.listen, [{"filters": _stream(one)}]) for one in parts if one.layer == "tcp"),
    ]


def _listener(name: str, place: Place, port: int, chains: list[Words], **more: Any) -> Words:
    where = {"address": _address(place.address, port), "per_connection_buffer_limit_bytes": _BUFFER}
    return {"name": name, **where, "filter_chains": chains, **more}


def _http(routing: Words) -> Words:
    router = typed("extensions.filters.http.router.v3.Router")
    return _filter(
        "http_connection_manager",
        "HttpConnectionManager",
        stat_prefix="ingress",
        # the balancer stands before us and says whom it serves: one hop is trusted, not more
        use_remote_address=True,
        xff_num_trusted_hops=1,
        server_header_transformation="PASS_THROUGH",
        request_headers_timeout="30s",
        stream_idle_timeout="300s",
        # longer than the balancer's 60 s, so that it is the one who closes
        common_http_protocol_options={"idle_timeout": "900s"},
        http2_protocol_options={"max_concurrent_streams": 100},
        upgrade_configs=[{"upgrade_type": "websocket"}],
        http_filters=[{"name": "envoy.filters.http.router", "typed_config": router}],
        **routing,
    )


def _passing(part: Part) -> Words:
    match = {"server_names": [part.host], "transport_protocol": "tls"}
    return {"name": part.key, "filter_chain_match": match, "filters": _stream(part)}


def _stream(part: Part) -> list[Words]:
    most = _filter("connection_limit", "ConnectionLimit", stat_prefix=part.key, max_connections=part.connections)
    proxy = _filter("tcp_proxy", "TcpProxy", stat_prefix=part.key, cluster=part.key)
    return [most, proxy] if part.connections else [proxy]


def _filter(module: str, kind: str, /, **words: Any) -> Words:
    config = typed(f"extensions.filters.network.{module}.v3.{kind}", **words)
    return {"name": f"envoy.filters.network.{module}", "typed_config": config}


def _address(address: str, port: int) -> Words:
    return {"socket_address": {"address": address, "port_value": port}}
