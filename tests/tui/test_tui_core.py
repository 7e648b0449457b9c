"""The headless core: what is known, how it is listed, how time is told. No Textual."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sandboxd.wire import things
from tui import actions, columns, facts, form, graph, scripted, words
from tui.clock import DaemonClock
from tui.form import Filled
from tui.listing import Listing
from tui.merge import merged
from tui.state import State


class Ticks:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


def known(*, read_only=False, ticks=None):
    state = State(address="/s", read_only=read_only, ticks=ticks or Ticks())
    state.stood("live", "")
    state.loaded(scripted.snapshot())
    return state


def event(number, **more):
    return things.Event(
        id=f"{scripted.EPOCH}-{number}",
        seq=number,
        at=scripted.ago(-1),
        type=more.pop("type", "x.y"),
        message="m",
        **more,
    )


# ---- words
@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4s"), (2, "2s"), (42.9, "42s"), (307, "5m07s"), (11_520, "3h12m"), (356_400, "4d03h"), (-1, "0s")],
)
def test_durations_are_short_and_exact(seconds, text):
    """A duration for people."""
    assert words.duration(seconds) == text


@given(st.text(max_size=40), st.integers(0, 30), st.booleans())
def test_a_cell_has_its_width(text, width, right):
    """Whatever stands in a cell, wide characters included, it takes exactly its cells."""
    assert words.cell_len(words.fit(words.safe_text(text), width, right=right)) == width


def test_a_bar_is_full_only_at_the_end():
    """99 of 100 is not all."""
    assert words.bar(99, 100) == "███████░"
    assert words.bar(100, 100) == "████████"
    assert words.bar(0, 0) == "░░░░░░░░"


def test_every_state_has_a_sign():
    """No state of the table of states is a question mark."""
    sandboxes = ["initializing", "started", "stopping", "stopped", "starting", "deleting", "deleted", "stopping_failed"]
    steps = ["pending", "calling", "waiting", "done", "backing-off", "failed", "skipped", "dropped"]
    others = [
        "queued",
        "running",
        "succeeded",
        "cancelled",
        "assigned",
        "available",
        "quarantined",
        "active",
        "onboarding",
    ]
    assert [one for one in [*sandboxes, *steps, *others] if words.glyph(one).text == "?"] == []
    assert words.glyph("unheard_of").text == "?"


# ---- time
def test_the_clock_runs_at_the_daemons_pace_and_stands_still_without_it():
    """Ages are counted on the daemon's clock; while it is away nobody knows how late it is there."""
    ticks = Ticks()
    clock = DaemonClock(ticks)
    clock.hear(1000.0, 20.0)
    ticks.at = 3.0
    assert clock.now == 1060.0
    clock.freeze()
    ticks.at = 50.0
    assert clock.now == 1060.0
    clock.thaw()
    assert clock.now == 2000.0
    clock.hear(1500.0)
    assert clock.now == 2000.0, "an event of the past does not set it back"
    clock.hear(3000.0)
    assert clock.now == 3000.0


# ---- listings
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3) | st.none()), max_size=60), st.booleans())
def test_a_listing_kept_up_to_date_is_one_made_anew(changes, reverse):
    """After any changes, one by one, it shows what a fresh look would show."""
    things_ = {}
    listing = Listing(lambda: things_, matches=lambda one: one != 0, key=lambda one: one)
    listing.arrange(reverse=reverse)
    for name, value in changes:
        if value is None:
            things_.pop(name, None)
        else:
            things_[name] = value
        listing.update([name])
        fresh = sorted(((v, k) for k, v in things_.items() if v != 0), reverse=reverse)
        assert listing.ids == [name for _, name in fresh]


def test_a_listing_that_did_not_change_is_the_same_object():
    """So that whoever draws it knows."""
    things_ = {"a": 1, "b": 2}
    listing = Listing(lambda: things_, matches=lambda _: True, key=lambda one: one)
    listing.rebuild()
    before = listing.ids
    listing.update(["a", "nobody"])
    assert listing.ids is before


@pytest.mark.parametrize("tab", list(columns.TABLES))
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_columns_fit(tab, width):
    """What is shown fits; the most important column is always there."""
    chosen = columns.fitting(columns.TABLES[tab], width)
    assert sum(cells + columns.GAP for _, cells in chosen) <= width
    assert min(columns.TABLES[tab], key=lambda one: one.rank) in [column for column, _ in chosen]


# ---- the graph of steps
def step(name, *needs, state="pending", generation=1):
    return things.Step(
        id=f"r/s/{name}#{generation}:x",
        kind="k",
        action="create",
        state=state,
        depends_on=[f"r/s/{one}#1:x" for one in needs],
    )


@given(st.integers(0, 20), st.randoms(use_true_random=False))
def test_every_step_stands_once_below_what_it_follows(count, chance):
    """For any graph: each step once, after the step that it hangs on, which is one that it depends on."""
    steps = [step(f"n{n}", *(f"n{m}" for m in range(n) if chance.random() < 0.3)) for n in range(count)]
    chance.shuffle(steps)
    nodes = graph.layout(steps)
    assert sorted(node.step.id for node in nodes) == sorted(one.id for one in steps)
    above = {}
    for node in nodes:
        above[node.depth] = node.step.id
        assert (node.depth == 0) == (not node.step.depends_on)
        if node.depth:
            assert above[node.depth - 1] in node.step.depends_on


def test_circles_and_strangers_do_no_harm():
    """A stream half applied may name steps that are not there, or look like a circle."""
    steps = [step("a", "b"), step("b", "c", "nobody"), step("c", "a"), step("d", "d")]
    assert sorted(graph.name_of(node.step.id)[1] for node in graph.layout(steps)) == ["a", "b", "c", "d"]


def test_a_resource_goes_through_its_states_in_order():
    """The second step of a resource hangs below its first, though the daemon does not say so."""
    made, attached = step("igw"), structs.replace(step("igw"), id="r/s/igw#1:attached")
    assert [(node.step.id, node.depth) for node in graph.layout([made, attached])] == [(made.id, 0), (attached.id, 1)]


def test_the_long_way_stands_last():
    """What everybody waits for is at the bottom, together."""
    steps = [step("vpc"), step("nat", "vpc"), step("route", "nat"), step("sg", "vpc")]
    assert [graph.name_of(node.step.id)[1] for node in graph.layout(steps)] == ["vpc", "sg", "nat", "route"]


# ---- the state
def test_an_event_that_is_known_only_joins_the_log():
    """A stream that begins a little before the snapshot sets nothing back."""
    state = known()
    state.take_changes()
    old = structs.replace(state.view.sandboxes[scripted.BANK_2], state="stopped")
    state.happened(event(99, sandbox_id=scripted.BANK_2, data={"sandbox": structs.asdict(old)}))
    assert state.view.sandboxes[scripted.BANK_2].state == "initializing"
    assert [one.id for one in state.events] == ["e1-99"]
    new = structs.replace(old, state="started", cost=None, endpoints=[], resources=[])
    payload = {name: getattr(new, name) for name in new.__struct_fields__ if name != "cost"}
    state.happened(event(101, type="sandbox.started", sandbox_id=scripted.BANK_2, data={"sandbox": payload}))
    assert state.view.sandboxes[scripted.BANK_2].state == "started"
    assert scripted.BANK_2 in state.take_changes()["sandboxes"]


def test_an_answer_older_than_the_stream_sets_no_step_back():
    """A step that the stream called done stays done when an older answer arrives."""
    one, other = step("a", state="done"), step("b", state="waiting")
    base = scripted.snapshot().operations[0]
    have = structs.replace(base, steps=[structs.replace(one, attempts=1), structs.replace(other, attempts=2)])
    answer = structs.replace(
        base, steps=[structs.replace(one, state="waiting", attempts=1), structs.replace(other, attempts=1), step("c")]
    )
    got = {graph.name_of(s.id)[1]: (s.state, s.attempts) for s in merged(have, answer).steps}
    assert got == {"a": ("done", 1), "b": ("waiting", 2), "c": ("pending", 0)}
    ended = structs.replace(have, state="succeeded", ended_at=scripted.NOW)
    assert merged(ended, answer).state == "succeeded"


def test_steps_to_come_that_are_gone_are_gone():
    """What is not to come any more is dropped, what began is kept."""
    base = scripted.snapshot().operations[0]
    have = structs.replace(base, steps=[step("gone"), step("begun", state="done")])
    assert [graph.name_of(one.id)[1] for one in merged(have, structs.replace(base, steps=[])).steps] == ["begun"]


def test_an_outage_is_told_once_it_is_over():
    """Since when, of when the picture is, and how long it was."""
    ticks = Ticks()
    state = known(ticks=ticks)
    ticks.at = 10.0
    state.stood("down", "cut")
    ticks.at = 15.0
    state.stood("down", "refused")
    assert (state.live, state.down_for, state.link.words, state.link.tries) == (False, 5.0, "refused", 2)
    assert state.link.as_of == scripted.NOW
    ticks.at = 52.0
    state.stood("live", "")
    assert state.live
    assert state.away == 42.0


def test_cost_goes_on_between_two_words_of_the_daemon():
    """What a sandbox has cost is what was told, and its rate since."""
    ticks = Ticks()
    state = known(ticks=ticks)
    bank = state.view.sandboxes[scripted.BANK_2]
    ticks.at = 3600.0
    assert state.spent(bank) == pytest.approx(bank.cost.to_date + bank.cost.per_hour)


def test_a_sandbox_that_is_there_and_waits_for_a_person_says_for_what():
    """Started, degraded: the last line is what the daemon says of it, and nothing where all is well."""
    state = known()
    bank = structs.replace(state.view.sandboxes[scripted.BANK_2], state="started", reason=None)
    over = structs.replace(state.operation_of(bank), state="succeeded", reason=None)
    state.view.operations[over.id] = over
    told = [
        things.Reason(subject="operation create", text="succeeded"),
        things.Reason(subject="machine acp", text="no profile"),
    ]
    why = things.Why(subject=bank.id, answer="", chain=told)
    shown = {
        health: "".join(piece.text for piece in facts.lines(state, structs.replace(bank, health=health), 120, why)[-1])
        for health in ("ok", "degraded")
    }
    assert shown["degraded"].split() == ["because", "machine", "acp:", "no", "profile"]
    assert "no profile" not in shown["ok"]


# ---- actions
def test_no_key_means_two_things_at_one_place():
    """The registry is without clashes, and what the footer shows exists."""
    for place in ("fleet", "detail"):
        keys = [key for action in actions.at(place) for key in action.keys]
        assert len(keys) == len(set(keys)), place
    assert len({action.id for action in actions.ACTIONS}) == len(actions.ACTIONS)
    for key in ("ctrl+a", "ctrl+b", "ctrl+s", "ctrl+z"):
        assert all(key not in action.keys for action in actions.ACTIONS), "terminals and multiplexers own these"


def writes_possible(state):
    contexts = [actions.Context(state, one, state.operation_of(one)) for one in state.view.sandboxes.values()]
    return {a.id for a in actions.ACTIONS if a.writes for context in contexts if a.why_not(context) is None}


def test_nothing_is_written_read_only_or_while_the_daemon_is_away():
    """No action that writes is possible then, whatever is selected; each says why."""
    assert writes_possible(known()) == {"new", "start", "stop", "delete", "retry", "cancel", "desktop"}
    assert writes_possible(known(read_only=True)) == set()
    reader = known()
    reader.learned(things.Whoami(user="eve", uid=7, role="read"))
    assert writes_possible(reader) == set()
    away = known()
    away.stood("down", "cut")
    assert writes_possible(away) == set()


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        ("started", {"stop", "delete"}), ("stopped", {"start", "delete"}), ("initializing", {"delete"}),
        ("initializing_failed", {"stop", "delete"}), ("starting_failed", {"stop", "delete"}),
        ("stopping_failed", {"start", "delete"}), ("deleting", set()), ("deleted", set()), ("deleting_failed", {"delete"}),
    ],
)  # fmt: skip
def test_what_a_sandbox_allows_follows_its_state(state, possible):
    """As the daemon's table has it."""
    world = known()
    sandbox = structs.replace(world.view.sandboxes[scripted.BANK_2], state=state)
    context = actions.Context(world, sandbox)
    verbs = {"start", "stop", "delete"}
    assert {verb for verb in verbs if actions.by_id(verb).why_not(context) is None} == possible


# ---- the form
@pytest.mark.parametrize("name", ["bank-1", "a", "a" * 31])
def test_good_names(name):
    """What the daemon would take."""
    assert form.name_trouble(name, set()) is None


@pytest.mark.parametrize("name", ["Bank", "1bank", "-a", "a b", "bänk", "a" * 32, "a_b"])
def test_bad_names_say_why(name):
    """While they are typed."""
    assert form.name_trouble(name, set())
    assert form.name_trouble("bank-1", {"bank-1"}) == "it exists already"


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), ("8h", 28_800), (" 1.5h ", 5_400), ("30m", 1_800), ("2d", 172_800)]
)
def test_lifetimes(text, seconds):
    """Durations as people write them."""
    assert form.ttl_seconds(text) == seconds


@pytest.mark.parametrize("text", ["8", "h", "0h", "-1h", "8 hours", "8h30m"])
def test_bad_lifetimes_say_how(text):
    """And what is no lifetime."""
    assert form.ttl_trouble(text)


def test_the_form_becomes_requests():
    """A new tenant is onboarded first; only what differs from the defaults is set."""
    filled = Filled(
        name="bank", new_tenant="acme", email="a@b.example", profile="trial", ttl="8h", parameters={"amq": True}
    )
    tenant, sandbox = form.tenant_request(filled), form.sandbox_request(filled)
    assert (tenant.name, tenant.email) == ("acme", "a@b.example")
    assert (sandbox.tenant, sandbox.ttl, sandbox.parameters) == ("acme", 28_800.0, {"amq": True})
    assert form.tenant_request(structs.replace(filled, tenant="globex")) is None
    assert form.missing(Filled()) == ["name", "tenant", "profile", "e-mail"]


def test_typed_parameters_have_their_type():
    """Numbers are numbers, and nothing typed is the default."""
    number = things.Parameter(name="n", type="integer", default=3)
    assert form.parameter_value(number, "") == 3
    assert form.parameter_value(number, "12") == 12
    with pytest.raises(ValueError, match="whole number"):
        form.parameter_value(number, "1.5")
    assert form.parameter_value(things.Parameter(name="s", type="string", default="x"), "7") == "7"


def test_ten_thousand_rows_under_a_stream_stay_cheap():
    """One change among ten thousand rows looks at one row."""
    looked = []
    things_ = {f"s{n:05}": n for n in range(10_000)}
    listing = Listing(lambda: things_, matches=lambda one: looked.append(one) or True, key=lambda one: one % 97)
    listing.rebuild()
    looked.clear()
    for _ in range(50):
        name = f"s{random.Random(1).randrange(10_000):05}"
        things_[name] += 1
        listing.update([name])
    assert len(looked) == 50
