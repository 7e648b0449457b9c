"""The CLI against a daemon's socket: one JSON value always, clean text, exit codes, several at once, waiting and detaching."""

import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import NamedTuple

import pytest
from apiprocess import Daemon, until

from sandboxd.cli.main import main

HOSTILE = "x\x1b]52;c;eA==\x07\x9b2J\x1bPq\x1b]0;t\u202e\u0301\u0301\u0301\u0301\u0301"
COMMAND = [sys.executable, "-m", "sandboxd"]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with a hostile tenant and two sandboxes."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        made = Daemon(Path(folder))
        try:
            yield made
        finally:
            made.close()


@pytest.fixture(scope="module", autouse=True)
def furnished(daemon: Daemon) -> None:
    """Things to list."""
    body = json.dumps({"name": "acme", "email": "a@b.example"})
    assert main(["--socket", str(daemon.path), "api", "POST", "/v1/tenants", body]) == 0
    for name in ("one", "two", "three"):
        words = ["sandbox", "create", name, "--tenant", "acme", "--profile", "trial", "--no-wait"]
        assert main(["--socket", str(daemon.path), *words]) == 0


TENANT = {"id": "ten_1", "name": "acme", "email": HOSTILE, "state": "active", "since": HOSTILE}
EVENT = {"id": "e-1", "seq": 1, "at": HOSTILE, "type": HOSTILE, "message": HOSTILE, "data": {HOSTILE: HOSTILE}}
ANSWERS: dict[str, object] = {
    "/v1/tenants": {"items": [TENANT]}, "/v1/tenants/acme": TENANT, "/v1/events": {"items": [EVENT]},
    "/v1/why/acme": {"subject": HOSTILE, "answer": HOSTILE, "chain": [{"subject": HOSTILE, "text": HOSTILE, "next_attempt_at": HOSTILE}]},
}  # fmt: skip


class Hostile(BaseHTTPRequestHandler):
    """A daemon whose AWS says evil things; its JSON escapes nothing that JSON need not."""

    def do_GET(self) -> None:
        found = ANSWERS.get(self.path.partition("?")[0])
        status = 200 if found is not None else 404
        problem = {
            "type": "about:blank",
            "title": "",
            "status": status,
            "code": "x",
            "detail": HOSTILE,
            "hint": HOSTILE,
        }
        body = json.dumps(found or problem, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "-"

    def log_message(self, *_: object) -> None:
        pass


class Answering(NamedTuple):
    path: Path


@pytest.fixture(scope="module")
def hostile() -> Iterator[Answering]:
    """Where the evil words come from."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        path = Path(folder) / "h.sock"
        with socketserver.ThreadingUnixStreamServer(str(path), Hostile) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Answering(path)
            server.shutdown()


def run(daemon: Daemon | Answering, *words: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUTF8"} | {"SANDBOXD_SOCKET": str(daemon.path)} | more
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, env=env, stdin=subprocess.DEVNULL, timeout=60, check=False
    )


MATRIX = [
    (0, "tenant list"), (0, "tenant list --filter name=nobody"), (0, "tenant show acme"), (5, "tenant show nobody"),
    (0, "account list"), (0, "account show 111111111111"), (0, "pool show"), (0, "sandbox list"), (0, "sandbox show acme/one"),
    (5, "sandbox show acme/none"), (0, "operation list"), (0, "op list --filter state=none"), (0, "operation show op_000"),
    (0, "profile list"), (5, "profile show modelbank"), (0, "why op_000"), (0, "whoami"), (0, "info"), (0, "events"),
    (0, "plan stop acme/one"), (2, "sandbox list --filter =="), (2, "sandbox delete acme/one"),
    (6, "sandbox create one --tenant acme --profile trial"), (7, "operation wait op_001 --timeout 1s"),
    (0, "sandbox credentials acme/one admin"), (5, "sandbox credentials acme/none admin"),
    (0, "sandbox extend acme/one --by 4h"), (0, "sandbox desktop acme/one"), (5, "sandbox desktop acme/none"), (8, "sandbox stop acme/two acme/none --no-wait"),
    (5, "sandbox stop acme/none acme/nil --no-wait"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "words"), MATRIX)
def test_machine_forms_are_one_value_and_the_code_does_not_depend_on_the_form(daemon, capsys, code, words):
    """B46: also for nothing, for failures and for what is still running."""
    for form in ("json", "yaml", "jsonl", "table", "wide", "name"):
        words_now = words.replace("acme/two", {"json": "acme/two", "yaml": "acme/three"}.get(form, "acme/two"))
        got = main([*words_now.split(), "--socket", str(daemon.path), "-o", form])
        out = capsys.readouterr()
        if "stop acme/two" not in words or form in ("json", "yaml"):  # a second stop is a conflict
            assert got == code, (form, out)
        if form == "json":
            json.loads(out.out)
        elif form == "jsonl":
            [json.loads(line) for line in out.out.splitlines()]
        elif form == "yaml":
            assert out.out.strip()


def test_a_dead_daemon_is_a_value_too(capsys):
    """Exit 3, what was dialled on stderr, a problem on stdout."""
    assert main(["--socket", "/nonexistent/d.sock", "sandbox", "list", "-o", "json"]) == 3
    out = capsys.readouterr()
    assert json.loads(out.out)["code"] == "daemon_unreachable"
    assert "/nonexistent/d.sock" in out.err


@pytest.mark.parametrize(
    "words",
    ["tenant list", "tenant list -o wide", "tenant show acme", "tenant show acme -o yaml", "api GET /v1/tenants/acme",
     "events", "events -o jsonl", "tenant show nobody", "why acme", "why acme -o json", "tenant list -o name"],
)  # fmt: skip
def test_nothing_from_outside_steers_the_terminal(hostile, words):
    """B47: every form, and the words of errors."""
    done = run(hostile, *words.split())
    said = (done.stdout + done.stderr).decode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said), said
    assert ("]52;c" in said) == ("-o name" not in words), said


def test_json_brings_back_what_was_given(hostile):
    """Escaped, not changed."""
    for words in (["tenant", "show", "acme", "-o", "json"], ["api", "GET", "/v1/tenants/acme"]):
        assert json.loads(run(hostile, *words).stdout)["email"] == HOSTILE


def test_an_ascii_terminal_and_a_closed_pipe_are_no_tracebacks(daemon):
    """Glyphs become escapes; `| head` is quiet."""
    done = run(daemon, "doctor", PYTHONIOENCODING="ascii:strict", LC_ALL="C")
    assert done.returncode == 1, "its clock stands still, which is told"
    assert b"\\u2713 daemon" in done.stdout
    assert b"away from ours" in done.stdout
    assert b"none of them waits for a person" in done.stdout
    assert done.stderr == b""
    read, write = os.pipe()
    os.close(read)
    env = os.environ | {"SANDBOXD_SOCKET": str(daemon.path)}
    piped = subprocess.Popen([*COMMAND, "sandbox", "list"], stdout=write, stderr=subprocess.PIPE, env=env)
    os.close(write)
    assert piped.communicate(timeout=30)[1] == b""


def test_ctrl_c_detaches_and_says_how_to_return(daemon, tmp_path):
    """Exit 130; the operation is the one value on stdout."""
    err = tmp_path / "err"
    env = os.environ | {"SANDBOXD_SOCKET": str(daemon.path)}
    with err.open("wb") as out:
        waiting = subprocess.Popen(
            [*COMMAND, "operation", "wait", "op_001", "-o", "json"], stdout=subprocess.PIPE, stderr=out, env=env
        )
    until(lambda: "op_001" in err.read_text(), "the wait has begun", 20)
    waiting.send_signal(signal.SIGINT)
    said, _ = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert json.loads(said)["id"] == "op_001"
    assert "sandboxd operation wait op_001" in err.read_text()


def test_a_daemon_that_dies_while_it_is_asked_is_waited_for(tmp_path):
    """Its operations outlive it: the wait goes on with the next daemon."""
    with tempfile.TemporaryDirectory(prefix="sbx") as folder:
        daemon, err = Daemon(Path(folder)), tmp_path / "err"
        env = os.environ | {"SANDBOXD_SOCKET": str(daemon.path)}
        create = ["tenant", "onboard", "acme", "--email", "a@b.example"]
        try:
            with err.open("wb") as out:
                waiting = subprocess.Popen([*COMMAND, *create], stdout=subprocess.PIPE, stderr=out, env=env)
            until(lambda: "op_000" in err.read_text(), "the wait has begun", 20)
            daemon.popen.kill()
            until(lambda: "waiting for it" in err.read_text(), "its absence is said", 20)
            assert waiting.poll() is None
            daemon.popen.wait()
            daemon.popen.stdout.close()
            daemon.popen = daemon.start()
            until(lambda: waiting.poll() is not None, "this daemon has forgotten the operation", 20)
            assert waiting.returncode == 5, err.read_text()
            waiting.stdout.close()
        finally:
            daemon.close()


def test_deleting_asks_for_the_name(daemon, capsys):
    """Without a terminal and without --confirm nothing is deleted; the wrong name neither."""
    socket = ["--socket", str(daemon.path)]
    for more in ([], ["--confirm", "two"]):
        assert main(["sandbox", "delete", "acme/one", *more, *socket]) == 2
        assert "--confirm one" in capsys.readouterr().err
    assert main(["sandbox", "delete", "acme/one", "--confirm", "one", "--no-wait", *socket]) == 0
    assert main(["sandbox", "show", "acme/one", "-o", "json", *socket]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2])["state"] == "deleting"
