"""What "not found" proves. Of a young thing nothing: it is not visible yet. Of an older one little: a read may be stale.

A thing that some read has shown is gone for a delete as soon as AWS says so, because the proof of zero looks again. For
everything else it is gone only when it stays away for the settle time, and another read does not show it either.
"""

from sandboxd.engine.context import AT, SEEN, Attempt


def certain(a: Attempt) -> bool:
    """Whether "not found" proves that what is being deleted is gone."""
    return SEEN in a.facts or a.now >= float(a.facts.get(AT, 0)) + a.ports.settings.settle


async def is_missing(a: Attempt, since: float) -> bool:
    """Whether this look, which found nothing, proves that it is gone; raise AwsError."""
    a.missing_since = a.missing_since or a.now
    young = max(since, float(a.facts.get(AT, since)))
    bound = (a.missing_since if SEEN in a.facts else young) + a.ports.settings.settle
    if a.now < bound:
        a.say("AWS does not show it")
        return False
    elsewhere, _ = await a.find(by_name=False)
    return elsewhere is None
