"""Deliveries to the real Envoy: what is bad changes nothing, what was sent is proved, and a script may die anywhere."""

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from envoys import backend, get, machines, part, until
from msgspec.structs import asdict
from needs import need

from sandboxd.ingress.content import EMPTY, TYPES, Content, content
from sandboxd.ingress.parts import Part, Place
from sandboxd.ingress.said import behind, runs
from sandboxd.ingress.scripts import deliver
from sandboxd.simulator import guest_envoy
from sandboxd.simulator.rows import Row


def poisoned(made: Content, name: str, old: str, new: str) -> Content:
    """The same with one word changed, in what is watched and not in what is judged: what only the running Envoy finds."""
    data = made.files[name].decode()
    assert old in data
    return Content(
        version=made.version, parts=made.parts, files={**made.files, name: data.replace(old, new, 1).encode()}
    )


# ---- what is bad
def with_bad(place: Place, good: Part, bad: Part, sequence: int) -> Content:
    """A configuration in which one sandbox has something that Envoy refuses, wherever it is looked at."""
    made = content([good, bad], sequence, place)
    words = f'"name":"{bad.key}"', f'"nonsense":1,"name":"{bad.key}"'
    files = {name: data.decode().replace(*words).encode() for name, data in made.files.items()}
    return Content(version=made.version, parts=made.parts, files=files)


def test_a17_a_rejected_configuration_leaves_the_old_one_running_also_after_a_restart():
    """Judged first: nothing is moved, and whose part is bad is said. What only the running Envoy rejects is taken back."""
    with machines("e1") as (one,), backend("A") as a:
        good = part("sa", a)
        made = content([good], 1, one.place)
        assert one.deliver(made, EMPTY).outcome == "delivered"
        before = one.files()

        answer = one.deliver(with_bad(one.place, good, part("sb", 1), 2), made.version)
        assert (answer.outcome, answer.bad, answer.version) == ("invalid", ("sb",), made.version)
        assert "nonsense" in answer.detail
        assert one.files() == before

        with socket.socket() as taken:  # a port that somebody else has: valid, until a listener is to be there
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            amq = part("sb", 1, "amq", layer="tcp", host="", listen=taken.getsockname()[1])
            answer = one.deliver(content([good, amq], 3, one.place), made.version)
            assert (answer.outcome, answer.bad, answer.version) == ("rejected", ("sb",), made.version), answer
            assert "Address already in use" in answer.detail
        assert one.files() == before
        until(lambda: one.report().version == made.version, "the old one runs again")
        assert get(one.place.http, good.host)[0] == 200
        one.die()
        one.start()
        assert one.report().version == made.version
        assert get(one.place.http, good.host)[0] == 200


def test_a17_a_reference_to_nothing_fails_its_own_part_only():
    """A route to a cluster that is not there answers 503; its neighbour goes on."""
    with machines("e1") as (one,), backend("A") as a:
        good, lost = part("sa", a), part("sb", 1)
        made = poisoned(content([good, lost], 1, one.place), "cds.json", '"name":"sb/web"', '"name":"sb/elsewhere"')
        one.deliver(made, EMPTY)
        assert (get(one.place.http, good.host)[0], get(one.place.http, lost.host)[0]) == (200, 503)


def test_a16_files_are_moved_into_place_and_what_runs_is_proved():
    """Each file is another one after a delivery. Written in place the same bytes are not seen, the report says so, and a move helps."""
    with machines("e1") as (one,), backend("A") as a:
        folder = Path(one.place.folder)
        before = {name: (folder / name).stat().st_ino for name in TYPES}
        first = content([part("sa", a)], 1, one.place)
        one.deliver(first, EMPTY)
        after = {name: (folder / name).stat().st_ino for name in TYPES}
        assert all(before[name] != after[name] for name in TYPES)

        second = content([part("sa", a), part("sb", a)], 2, one.place)
        for name in TYPES:
            (folder / name).write_bytes(second.files[name])
        found = one.report()
        assert (found.version, found.files) == (first.version, second.version)
        assert (
            behind("envoy-1", second.version, found)
            == f"envoy-1 still runs version {first.version}, wanted {second.version}"
        )
        said = one.deliver(second, first.version)
        assert (said.outcome, said.runs) == ("there", second.version), "the same delivery again moves them into place"
        assert behind("envoy-1", second.version, one.report()) == ""


# ---- the script
def test_a_delivery_expects_what_it_replaces():
    """Another version there: nothing is changed. The same one there: it is proved. A second one waits for its turn."""
    with machines("e1") as (one,), backend("A") as a:
        first, second = content([part("sa", a)], 1, one.place), content([], 2, one.place)
        assert one.deliver(first, EMPTY).outcome == "delivered"
        before = one.files()
        answer = one.deliver(second, EMPTY)
        assert (answer.outcome, answer.version) == ("other", first.version)
        assert one.files() == before
        assert one.deliver(first, EMPTY).outcome == "there"
        one.die()
        assert one.deliver(first, EMPTY, patience=2).outcome == "unproved"
        assert not one.report().answers
        one.first_boot()  # user data, again: what is there stays
        assert one.files() == before


@pytest.mark.parametrize("damage", ["payload", "cut"])
def test_what_arrives_damaged_changes_nothing(damage):
    """The digest is compared before anything is looked at."""
    with machines("e1") as (one,):
        before = one.files()
        lines = deliver(content([part("sa", 1)], 1, one.place), EMPTY, one.place).splitlines()
        at = next(number for number, line in enumerate(lines) if line.startswith("H4sI"))
        lines[at + 1 :] = ([lines[at + 1].swapcase()] if damage == "payload" else []) + lines[at + 2 :]
        done = one.run("\n".join(lines) + "\n")
        assert (done.returncode, json.loads(done.stdout)["outcome"]) == (6, "damaged"), done
        assert one.files() == before


def test_a_delivery_that_ended_in_the_middle_is_finished_by_the_next():
    """Files of two versions lie there: the old one counts, until listeners are moved; the next delivery completes it."""
    with machines("e1") as (one,), backend("A") as a:
        first, second = content([part("sa", a)], 1, one.place), content([part("sa", a), part("sb", a)], 2, one.place)
        one.deliver(first, EMPTY)
        folder = Path(one.place.folder)
        (folder / ".cds.json").write_bytes(second.files["cds.json"])
        (folder / ".cds.json").rename(folder / "cds.json")
        (folder / ".new.dead").mkdir()
        until(lambda: one.report().cds == second.version, "the clusters are the new ones")
        found = one.report()
        assert "between versions" in behind("envoy-1", second.version, found)
        assert one.deliver(second, found.files).outcome == "delivered"
        assert not (folder / ".new.dead").exists()


DIES = """#!/bin/sh
# a mv that takes its script with it, before or after the move that was asked for
echo move >>"$COUNT"
[ "$(wc -l <"$COUNT")" = "$AT" ] || exec "$MV" "$@"
[ "$WHEN" = before ] || "$MV" "$@"
kill -9 "$PPID"
"""


def test_a_delivery_that_dies_at_any_move_harms_nobody():
    """Before and after each: the sandbox that stays answers, also after a restart of Envoy; the next delivery completes it."""
    with machines("e1") as (one,), backend("A") as a:
        stub, count = one.here / "bin" / "mv", one.here / "count"
        stub.parent.mkdir()
        stub.write_text(DIES)
        stub.chmod(0o755)
        env = {"PATH": f"{stub.parent}:{os.environ['PATH']}", "MV": need("mv"), "COUNT": str(count)}
        stays, version, sequence, deaths = part("sa", a), EMPTY, 0, 0
        for at in range(1, 6):
            for when in ("before", "after"):
                sequence += 1
                parts = [stays, part("sb", a)] if sequence % 2 else [stays]
                made = content(parts, sequence, one.place)
                count.write_text("")
                done = one.run(deliver(made, version, one.place), AT=str(at), WHEN=when, **env)
                deaths += done.returncode == -9
                if version != EMPTY:
                    assert get(one.place.http, stays.host)[0] == 200
                if at == 4 and when == "after":
                    one.die()
                    one.start()
                assert one.deliver(made, one.report().files).outcome in ("delivered", "there")
                assert get(one.place.http, stays.host)[0] == 200
                version = made.version
                assert one.report().good == version
        assert deaths == 10


def test_of_two_deliveries_at_once_one_comes_true():
    """They take turns, and the second one finds another version than it expects."""
    with machines("e1") as (one,), backend("A") as a, ThreadPoolExecutor(2) as pool:
        made = [content([part(name, a)], 1, one.place) for name in ("sa", "sb")]
        said = list(pool.map(lambda some: one.deliver(some, EMPTY), made))
        assert sorted(answer.outcome for answer in said) == ["delivered", "other"]
        (won,) = {answer.version for answer in said}
        assert one.report().version == won


def test_the_simulated_machine_says_what_a_real_one_says():
    """The same deliveries to both: the same outcomes, codes and versions."""
    simulated = Row("machine", "i-1", "1", "r", 0.0)
    with machines("e1") as (one,), backend("A") as a:
        first, second = content([part("sa", a)], 1, one.place), content([part("sa", a), part("sb", a)], 2, one.place)
        for made, expected in (
            (first, "9-x"),
            (first, EMPTY),
            (first, EMPTY),
            (second, EMPTY),
            (second, first.version),
        ):
            script = deliver(made, expected, one.place)
            words = dict(word.split("=", 1) for word in script.split("\n", 1)[0].split()[2:])
            real, pretended = one.run(script), guest_envoy.deliver(simulated, words, script, 1.0)
            assert (pretended.code, json.loads(pretended.output)) == (real.returncode, json.loads(real.stdout))
            assert set(json.loads(guest_envoy.report(simulated, 1.0).output)) == set(asdict(one.report()))
            assert runs(guest_envoy.report(simulated, 1.0).output) == one.report()
