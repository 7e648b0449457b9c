"""Times in AWS's answers: the ISO form that nearly all of them have is read directly, the rest by botocore."""

from datetime import datetime
from typing import Any

from botocore.utils import parse_timestamp


def fast_timestamp(value: Any) -> datetime:
    """Return the moment that a value names; raise ValueError."""
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return parse_timestamp(value)  # type: ignore[no-any-return]  # botocore is not typed
