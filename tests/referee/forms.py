"""What a value looks like when everything that differs from call to call is taken out of it.

`vpc-0a1b2c3d4e5f60718` becomes `<vpc>`, an address `<ip>`, a moment `<time>`: recorded and simulated values are compared by
these words. It knows formats only, no service and no operation.
"""

import re
from datetime import datetime
from typing import Any

PLACEHOLDER = re.compile(r"<[a-z_-]+(:\d+)?>|<removed>|<\d+ characters>|\.\.\.$|^(timestamp|datetime)$")
_REGION = r"(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov)?-(?:north|south|east|west|central|northeast|southeast|southwest|northwest)-\d"
RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<uuid>"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", "<moment>.000Z"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<moment>.fffZ"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "<moment>"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT", "<moment> GMT"),
        (r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b", "<mac>"),
        (r"\b(?:\d{1,3}\.){3}\d{1,3}/\d{1,2}\b", "<cidr>"),
        (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "<ip>"),
        (r"\b(ip|ec2)-(?:\d{1,3}-){3}\d{1,3}\b", r"\1-<ip>"),
        (rf"\b{_REGION}[a-f]\b", "<zone>"),
        (rf"\b{_REGION}\b", "<region>"),
        (r"\b[a-z]{2,4}\d-az\d\b", "<zone-id>"),
        (r"(?<=\.)ec2\.internal\b|<region>\.compute\.internal\b|(?<=>\.)ec2\.internal\b", "<domain>"),
        (r"\b([a-z]+(?:-[a-z]+)*)-(?:[0-9a-f]{17}|[0-9a-f]{8}|x{3,}|X{3,})(?![\w-])", r"<\1>"),
        (r"\b(o|r|ou-[0-9a-z]{4,32}|car|p)-[0-9a-z]{4,32}\b(?!-)", "<organization's id>"),
        (r"(?<![0-9a-f-])\d{11,12}(?![0-9a-f])", "<account>"),
        (r"(?<=:)(loadbalancer|listener)/(?:app|net)/[^/\s']+(?:/[0-9a-f]{16})+", r"\1/<type>/<name>/<hex>"),
        (r"(?<=:)targetgroup/[^/\s']+/[0-9a-f]{16}", "targetgroup/<name>/<hex>"),
        (r"(?<=:)(?:regional|global)/webacl/[^/\s]+/[^/\s]+", "<scope>/webacl/<name>/<uuid>"),
        (r"^(?:internal-)?[\w-]+-\d{8,10}(?=\.<region>\.elb\.)", "<name>-<digits>"),
        (r"^[\w-]+-[0-9a-f]{16}(?=\.elb\.<region>)", "<name>-<hex>"),
        (r"(?<=Service role name )\S+", "<name>"),
        (r"(?<=with the same name ')[^']+", "<name>"),
        (r"\b(AKIA|ASIA|AIDA|AROA|AIPA)[A-Z0-9]{5,17}\b", r"<\1>"),
        (r"(?<=port: )\d+|(?<=limit of )\d+", "<number>"),
        (r"\bL-[0-9A-F]{8}\b", "<quota>"),
        (r"(?<=:servicequotas:<region>:<account>:)[a-z0-9-]+/", "<service>/"),
        (r"(?<=:)(instance-profile|role|user|assumed-role)/[^\s:]+", r"\1/<name>"),
        (r"arn:aws:iam::(?:aws|<account>):policy/\S+", "<policy>"),
        (r"(?<=with name )\S+(?= cannot be found)|(?<=Instance Profile )\S+(?= cannot be found)", "<name>"),
        (r"(?<=Value \()[^)]+(?=\) for parameter iamInstanceProfile)", "<name>"),
        (r"(?<=User: )arn:aws:(?:iam|sts)::<account>:[a-z-]+/<name>", "<principal>"),
    )
)  # fmt: skip
"""tried in this order; each sees what the ones before have left"""


def template(text: str) -> str:
    """The text without what differs from call to call."""
    for pattern, word in RULES:
        text = pattern.sub(word, text)
    return text


def is_placeholder(value: Any) -> bool:
    """Whether a recording shows something else in the place of what AWS said."""
    return isinstance(value, str) and PLACEHOLDER.search(value) is not None


def time_form(value: Any) -> str:
    """`time` for whole seconds, `time.fraction` otherwise, `text` for what is no moment."""
    if isinstance(value, datetime):
        return "time.fraction" if value.microsecond else "time"
    if isinstance(value, (int, float)):
        return "time.fraction" if value != int(value) else "time"
    found = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?", value)
    return "text" if found is None else "time.fraction" if int(found[1] or 0) else "time"


def form(name: str, value: Any, kind: str) -> str:
    """The form of one value; `kind` is the type that the service's model gives to this member.

    `=TEMPLATE` for texts and switches, a word for everything else. Numbers are compared only where they are codes.
    """
    if kind == "timestamp":
        return time_form(value)
    if name == "AssumeRolePolicyDocument":
        return "=<document>"  # clients decode what stands encoded on the wire
    match value:
        case bool() | str():
            return "=" + template(str(value).lower() if isinstance(value, bool) else value)
        case int() | float():
            return f"={value}" if name == "Code" else "number"
        case list():
            return "list" if value else "empty list"
    return "structure"
