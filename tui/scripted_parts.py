"""What the scripted world says of itself: what a plan has, where a sandbox answers, what steps report. Data only."""

from typing import Final

SAID: Final = {
    "constellation-banking-apis": "banking-apis: [31%] step 4 of 12", "constellation-web-banking": "web-banking: [35%] step 5 of 12",
    "constellation-activemq": "activemq: [42%] step 6 of 12", "constellation-integration-server": "integration-server: [13%] step 2 of 12",
    "desktop-fleet+": "STARTING", "route-api": "envoy-b still runs version 2", "route-web": "envoy-b still runs version 2",
    "route-amq": "envoy-b still runs version 2", "web-a+": "initial", "web-b+": "unhealthy",
    "waf-assoc": "WAFUnavailableEntityException: the load balancer is not known to WAF yet",
}  # fmt: skip
"""what steps that are being done, or tried again, say of themselves"""

PARTS: Final = (
    ("two Envoys", None, "for route api and route web"), ("load balancer and firewall of HTTP", None, "for route api and route web"),
    ("route amq (tcp)", "amq", "to port 61617 of ocp"), ("network load balancer", "amq", "for route amq"),
    ("Smart Client fleet", "smart_client", "shared by all sandboxes of the account that have it"),
    ("constellation banking-apis", None, "installed on ocp"), ("constellation activemq", "amq", "installed on ocp"),
    ("constellation integration-server", "smart_client", "installed on ocp"),
)  # fmt: skip
"""what a plan has: name, the parameter that it hangs on, why it is there"""

ENDPOINTS: Final = (
    ("api", "https://api-bank-1.acme.sandbox.example", "dev-alb-1370184796.eu-central-1.elb.amazonaws.com"),
    ("web", "https://web-bank-1.acme.sandbox.example", "dev-alb-1370184796.eu-central-1.elb.amazonaws.com"),
    ("amq", "tcp://dev-nlb-e927db48.elb.eu-central-1.amazonaws.com:20000", "dev-nlb-e927db48.elb.eu-central-1.amazonaws.com"),
)  # fmt: skip

RESOURCES: Final = (
    ("security-group", "acp-sg", "sg-04be9a1f3c2d57e86", "closed"), ("security-group", "ocp-sg", "sg-0a917c3be5f2468d0", "closed"),
    ("subnet", "subnet", "subnet-0f3a5b21c7d94e680", "present"),
    ("security-group-rule", "desktop-to-ocp-443", "sgr-0b28b09a933dcdb85", "present"),
    ("machine", "acp", "i-045b177a38a96dfb2", "running"), ("machine", "ocp", "i-050a8266954e896a6", "running"),
    ("agent", "ocp-agent", "i-050a8266954e896a6", "online"),
    ("target-group", "amq-tg", "arn:aws:elasticloadbalancing:eu-central-1:111111111111:targetgroup/amq-tg/cc3d5506a17a4340", "present"),
    ("secret", "secret-database-password", "/sandboxd/dev/bank/database-password", "present"),
    ("secret", "secret-admin-password", "/sandboxd/dev/bank/admin-password", "present"),
)  # fmt: skip
