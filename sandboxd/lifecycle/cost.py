"""What resources cost an hour. A state's price is the whole bill while it is held; a state without one costs what the state under it does.

Pure sums over rows and the price list of the settings; what several sandboxes share is split evenly over those that reach it.
"""

from sandboxd.lifecycle.state import State
from sandboxd.model.keys import SHARED
from sandboxd.model.resource import Row


def price_at(state: State, row: Row, at: int) -> float:
    """Per hour, in this state; 0 for what is free or not listed."""
    prices = row.node.prices
    billed = max((held for held in prices if held <= at), default=None) if prices else None
    return 0.0 if billed is None else state.settings.prices.get(prices[billed], 0.0)


def row_cost(state: State, row: Row) -> float:
    """Per hour, in the state that it may be in."""
    return price_at(state, row, row.hi)


def hourly_cost(state: State, sandbox: str) -> float:
    """What a sandbox costs an hour now: its own, and its share of what is shared."""
    own = sum(row_cost(state, row) for row in state.rows_of(sandbox))
    return own + sum(row_cost(state, row) / count for row, count in state.billed_together(sandbox) if row.hi)


def shared_cost(state: State) -> float:
    """What is shared costs an hour now."""
    return sum(row_cost(state, row) for row in state.rows_of(SHARED))


def account_cost(state: State) -> float:
    """What everything of the account that is known costs an hour now."""
    return sum(row_cost(state, row) for row in state.rows.values())


def bill(state: State, sandbox: str) -> tuple[float, float]:
    """Per hour running and stopped, were the sandbox alone in its account."""
    record = state.sandboxes.get(sandbox)
    if record is None or not record.blueprint.started:
        return 0.0, 0.0
    closure = state.planner.closure(record.blueprint.started)
    running = sum(price_at(state, state.rows[key], level) for key, level in closure.items())
    stopped = sum(price_at(state, state.rows[key], level) for key, level in record.blueprint.kept)
    return running, stopped
