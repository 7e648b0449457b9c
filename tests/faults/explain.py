"""A schedule as a timeline that a person can read: who did what when, what AWS answered, what became durable, where it died."""

import msgspec

from sandboxd.world.trace import Entry
from tests.faults.schedule import Result

WIDTH = 110


def explain(result: Result) -> None:
    """Print it."""
    for entry in result.entries:
        for line in _lines(entry):
            print(line)
    hours = result.simulated / 3600
    print(f"{result.crashes} crashes, {sum(result.faults.values())} faults, {result.calls} calls in {hours:.1f} h")
    for finding in result.findings or ["nothing was leaked, doubled or lost"]:
        print(finding)


def _lines(entry: Entry) -> list[str]:
    at, kind, account, text, detail = entry
    head = f"{at:10.2f}  {kind:<7}{account:>13}  "
    if kind == "commit":
        events = [msgspec.json.decode(blob) for blob in detail.split(b"\n") if blob]
        return [f"{head}{one.get('message') or one.get('type', '')}"[:WIDTH] for one in events]
    return [f"{head}{text}  {detail.decode()[:WIDTH]}".rstrip()]
