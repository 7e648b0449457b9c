"""The commands, as one literal table: noun, verb, help, arguments, and the function that carries them out.

A new command is one row here and its function. Nothing is imported before it is needed.
"""

from typing import Any, NamedTuple


class Argument(NamedTuple):
    """One argument of a command, as argparse takes it."""

    names: tuple[str, ...]
    options: dict[str, Any]


class Command(NamedTuple):
    """One command."""

    noun: str
    verb: str
    help: str
    run: str
    """`module:function` under sandboxd.cli"""
    arguments: tuple[Argument, ...] = ()


def arg(*names: str, **options: Any) -> Argument:
    """An argument."""
    return Argument(names, options)


OUTPUT = arg("-o", "--output", choices=["table", "wide", "json", "jsonl", "yaml", "name"], help="form of the answer")
FILTER = arg("--filter", metavar="EXPR", help="only what matches, as `state=started tenant~acme`")
NO_WAIT = arg("--no-wait", action="store_true", help="print the operation's id and go")
LIST, SHOW = (OUTPUT, FILTER), (OUTPUT,)
SANDBOXES = arg("sandbox", nargs="+", metavar="SANDBOX", help="tenant/name or id")
SANDBOX = arg("sandbox", metavar="SANDBOX", help="tenant/name or id")
OPERATION = arg("operation", metavar="OPERATION", help="id of the operation")
NEW = (
    arg("--tenant", required=True, help="name or id of the tenant"),
    arg("--profile", required=True, help="name of the profile"),
    arg("--set", action="append", default=[], metavar="K=V", help="a parameter of the profile"),
    arg("--region", help="where (default: the daemon's first region)"),
    arg("--ttl", metavar="DURATION", help="how long it lives, as 8h or 2d"),
)

COMMANDS = (
    Command("tenant", "list", "List tenants", "commands.show:listing", LIST),
    Command("tenant", "show", "Show a tenant", "commands.show:thing", (arg("ref", metavar="TENANT"), *SHOW)),
    Command(
        "tenant", "onboard", "Give a new tenant an account of the pool", "commands.write:onboard",
        (arg("name", metavar="TENANT"), arg("--email", required=True, help="of a person"), NO_WAIT, OUTPUT),
    ),
    Command("account", "list", "List accounts", "commands.show:listing", LIST),
    Command("account", "show", "Show an account with what its sandboxes share", "commands.show:thing", (arg("ref", metavar="ACCOUNT"), *SHOW)),
    Command("account", "ingress", "Show what its ingress machines should run, and what their Envoys say they run", "commands.show:ingress", (arg("ref", metavar="ACCOUNT"), *SHOW)),
    Command("pool", "show", "Count the accounts that wait for tenants", "commands.show:pool", SHOW),
    Command("sandbox", "list", "List sandboxes", "commands.show:listing", LIST),
    Command("sandbox", "show", "Show a sandbox with its resources", "commands.show:thing", (arg("ref", metavar="SANDBOX", help="tenant/name or id"), *SHOW)),
    Command(
        "sandbox", "create", "Create sandboxes", "commands.write:create",
        (arg("name", nargs="+", metavar="NAME"), *NEW, NO_WAIT, OUTPUT),
    ),
    Command("sandbox", "start", "Start stopped sandboxes", "commands.write:command", (SANDBOXES, NO_WAIT, OUTPUT)),
    Command("sandbox", "stop", "Stop sandboxes; their disks stay", "commands.write:command", (SANDBOXES, NO_WAIT, OUTPUT)),
    Command(
        "sandbox", "delete", "Delete sandboxes with everything in them", "commands.write:delete",
        (SANDBOXES, arg("--confirm", action="append", default=[], metavar="NAME", help="the sandbox's name, for scripts"), NO_WAIT, OUTPUT),
    ),
    Command("sandbox", "extend", "Let a sandbox live longer", "commands.write:extend", (SANDBOX, arg("--by", required=True, metavar="DURATION"), OUTPUT)),
    Command("sandbox", "desktop", "A way into the desktop, shown once; that you asked is an event", "commands.write:desktop", (SANDBOX, OUTPUT)),
    Command(
        "sandbox", "credentials", "Show a secret of a sandbox; that it was shown is an event", "commands.show:credential",
        (SANDBOX, arg("name", metavar="NAME", help="of the secret, as the profile has it"), OUTPUT),
    ),
    Command("operation", "list", "List operations", "commands.show:listing", LIST),
    Command("operation", "show", "Show an operation with its steps", "commands.show:thing", (arg("ref", metavar="OPERATION"), *SHOW)),
    Command("operation", "wait", "Wait for the end of an operation", "commands.write:wait", (OPERATION, arg("--timeout", metavar="DURATION", help="give up waiting after"), OUTPUT)),
    Command("operation", "cancel", "Cancel a running operation", "commands.write:cancel", (OPERATION, NO_WAIT, OUTPUT)),
    Command("operation", "retry", "Retry a failed or cancelled operation", "commands.write:retry", (OPERATION, arg("--step", help="only this step"), NO_WAIT, OUTPUT)),
    Command(
        "operation", "skip", "Skip a skippable step", "commands.write:skip",
        (OPERATION, arg("--step", required=True), arg("--reason", required=True), OUTPUT),
    ),
    Command("profile", "list", "List profiles", "commands.profiles:listing", SHOW),
    Command("profile", "show", "Show a profile", "commands.profiles:show", (arg("ref", metavar="PROFILE"), *SHOW)),
    Command("profile", "check", "Check a profile's file", "commands.profiles:check", (arg("file", metavar="FILE"),)),
    Command("profile", "schema", "Print the JSON Schema of profiles", "commands.profiles:schema", ()),
    Command("plan", "create", "What a create would do", "commands.plan:create", (arg("name", metavar="NAME"), *NEW, OUTPUT)),
    Command("plan", "start", "What a start would do", "commands.plan:command", (SANDBOX, OUTPUT)),
    Command("plan", "stop", "What a stop would do", "commands.plan:command", (SANDBOX, OUTPUT)),
    Command("plan", "delete", "What a delete would do", "commands.plan:command", (SANDBOX, OUTPUT)),
    Command("why", "", "Why something waits", "commands.show:why", (arg("ref", metavar="ID"), OUTPUT)),
    Command(
        "events", "", "What happened", "commands.events:events",
        (arg("--follow", "-f", action="store_true", help="go on for ever"), arg("--after", metavar="ID", help="after this event"), arg("--limit", type=int, default=1000), OUTPUT),
    ),
    Command("watch", "", "Follow what happens, one line each", "commands.events:watch", ()),
    Command("whoami", "", "Who the daemon believes you are", "commands.about:whoami", SHOW),
    Command("info", "", "Daemon, versions and paths", "commands.about:info", SHOW),
    Command("doctor", "", "Look for what is wrong", "commands.about:doctor", ()),
    Command(
        "api", "", "One request to the API", "commands.about:api",
        (arg("method", metavar="METHOD"), arg("path", metavar="PATH"), arg("body", nargs="?", metavar="BODY", help="JSON, or - for stdin"), OUTPUT),
    ),
    Command("completion", "", "Print a completion script", "commands.about:completion", (arg("shell", choices=["bash", "zsh", "fish"]),)),
    Command(
        "organization", "init", "Make the OUs of a stage", "commands.about:organization",
        (
            arg("--stage", help="which (default: the setting `stage`)"),
            arg("--config", metavar="FILE", help="settings, as `sandboxd serve` reads them"),
        ),
    ),
    Command(
        "demo", "", "Simulated AWS, daemon and dashboard; nothing else needed", "demo:main",
        (
            arg("--headless", action="store_true", help="a whole life without a screen"), OUTPUT,
            arg("--profile", default="model-bank"), arg("--set", action="append", default=[], metavar="K=V"),
            arg("--pace", type=float, help="how many times faster than AWS (default 20, headless 60)"),
            arg("--state-dir", help="keep everything here, and go on with it"),
        ),
    ),
)  # fmt: skip

PROGRAMS = (
    ("serve", "The daemon, in the foreground"),
    ("tui", "The dashboard"),
    ("simulator", "Only the simulated AWS, for any AWS client"),
)
"""what the front door dispatches itself"""

ALIASES = {"op": "operation", "sandboxes": "sandbox", "tenants": "tenant"}
NOUNS = {
    "tenant": "Customers, each with an account of its own", "account": "AWS member accounts", "pool": "Accounts that wait for tenants",
    "sandbox": "Model banks in tenants' accounts", "operation": "What was asked for, with its steps (alias: op)",
    "profile": "Kinds of sandboxes", "plan": "What would happen, in order, with time and cost", "organization": "The organization's OUs",
}  # fmt: skip
