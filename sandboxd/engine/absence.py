"""What "not found" proves. Of a young thing nothing: it is not visible yet. Of an older one little: a read may be stale.

A mutation that does not find what some read has shown is believed. A read is believed only when it has not shown the
thing for the settle time, and another read does not show it either.
"""

from sandboxd.engine.context import AT, SEEN, Attempt


def certain(a: Attempt) -> bool:
    """Whether "not found", said of a mutation, proves that it is gone."""
    return SEEN in a.facts or a.now >= float(a.facts.get(AT, 0)) + a.ports.settings.settle


async def is_missing(a: Attempt) -> bool:
    """Whether this look, which found nothing, proves that it is gone; raise AwsError."""
    a.missing_since = a.now if a.missing_since is None else a.missing_since
    if a.now < a.missing_since + a.ports.settings.settle:
        a.say("AWS does not show it any more" if SEEN in a.facts else "not visible yet")
        return False
    return (await a.find(by_name=False)).mine is None
