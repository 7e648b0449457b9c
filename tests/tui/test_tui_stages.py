"""Steps by stage, ways in, and the parts of a plan: what is listed, and in which order. No Textual."""

import pytest
from msgspec import structs

from tui import access, planned, scripted, stages, words
from tui.steps import Steps


# ---- steps by stage
def text_of(pieces):
    return "".join(piece.text for piece in pieces)


def test_what_needs_eyes_comes_first():
    """What failed, what is tried again, what is being done; of that the longest first; then all groups."""
    steps = scripted.creation()
    steps[0] = structs.replace(steps[0], state="failed")
    rows = stages.row_ids(steps, ())
    heads = [one for one in rows if one.startswith(stages.GROUP)]
    now = [next(step for step in steps if step.id == stages.step_of(one)) for one in rows if one.startswith(stages.NOW)]
    assert [step.state for step in now[:3]] == ["failed", "backing-off", "waiting"]
    assert [step.usual for step in now[2:]] == sorted((step.usual for step in now[2:]), reverse=True)
    assert rows == [f"{stages.NOW}{step.id}" for step in now] + heads
    assert len(heads) == len(stages.stages(steps))


def test_every_step_stands_in_one_group():
    """Whatever is open, no step is lost, and none is there twice."""
    steps = scripted.creation()
    every = [one.group.id for one in stages.stages(steps)]
    rows = stages.row_ids(steps, every)
    inside = [stages.step_of(one) for one in rows if one.startswith(stages.IN)]
    assert sorted(inside) == sorted(step.id for step in steps)
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("done", "waiting", "pending"), "waiting"), (("done", "failed", "waiting"), "failed"), (("done", "skipped"), "done"),
        (("done", "pending"), "pending"), (("calling", "backing-off"), "backing-off"),
    ],
)  # fmt: skip
def test_a_group_stands_as_its_worst_step(states, expected):
    """Trouble before work, work before what is to come."""
    steps = [structs.replace(scripted.creation()[n], state=state) for n, state in enumerate(states)]
    assert stages.Stage(stages.groups.GROUPS[0], tuple(steps)).state == expected


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("view", ["stages", "graph"])
def test_every_row_fits_any_width(width, view):
    """No line is longer than the screen, and each says what it is about."""
    steps, operation = Steps(), scripted.snapshot().operations[0]
    steps.take(scripted.creation())
    if view == "graph":
        steps.other_view(None)
    for row in list(steps.rows):
        steps.toggle(row)
    now = words.parse(scripted.NOW)
    for row in steps.rows:
        pieces = words.join(steps.paint(row, width, operation=operation, own=scripted.BANK_2, now=now), width)
        assert words.cell_len(text_of(pieces)) == width
        assert len(steps.about(row, [], now)) == 2


def test_the_installers_percents_are_the_gauge():
    """Not the time that has passed."""
    steps, operation = Steps(), scripted.snapshot().operations[0]
    steps.take(scripted.creation())
    row = next(one for one in steps.rows if one.startswith(stages.NOW) and "constellation-activemq" in one)
    line = text_of(steps.paint(row, 120, operation=operation, own=scripted.BANK_2, now=words.parse(scripted.NOW)))
    assert "━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 42% step 6 of 12" in line


def test_the_other_view_keeps_the_step_in_sight():
    """From a step by stage to the same in the graph, and back."""
    steps = Steps()
    steps.take(scripted.creation())
    step = stages.step_of(steps.rows[1])
    assert steps.other_view(steps.rows[1]) == step
    assert steps.other_view(step) == f"{stages.NOW}{step}"


# ---- ways in
def test_no_secret_is_in_what_is_listed():
    """A secret is there by its name alone, and is asked for only after a question."""
    full = scripted._full(scripted.snapshot().sandboxes[0])
    ways = access.ways(full)
    assert [(way.what, way.name) for way in ways] == [
        ("endpoint", "api"), ("endpoint", "web"), ("endpoint", "amq"), ("secret", "admin-password"),
        ("secret", "database-password"), ("desktop", "Smart Client"),
    ]  # fmt: skip
    asked = access.asking(ways[3], full)
    assert asked is not None and asked.op.path.endswith("/credentials/admin-password")
    assert access.asking(ways[0], full) is None
    assert access.ways(None) == access.ways(structs.replace(full, endpoints=[], resources=[])) == []


def test_a_plan_says_why_a_part_is_there_or_not():
    """What every sandbox of the profile has is not said."""
    lines = [text_of(line) for line in planned.lines(scripted.plan("create", "x", {"amq": True}), 76)]
    told = {line[2:36].strip(): line for line in lines if line.startswith(("✓", "·"))}
    assert set(told) == {
        "route amq (tcp)", "network load balancer", "Smart Client fleet", "constellation activemq", "constellation integration-server",
    }  # fmt: skip
    assert "for route amq, as amq is true" in told["network load balancer"]
    assert "smart_client is false" in told["Smart Client fleet"]
