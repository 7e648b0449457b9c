"""The scripts for machines, run by a real shell: once, locked, quoted, and without a secret in their text."""

import os
import shlex
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from needs import need

from sandboxd.aws import scripts
from sandboxd.simulator.guest import GUEST, read

PATH = "/sandboxd/dev/sbx/admin"
HOSTILE = ("'; touch PWNED; '", "$(touch PWNED)", "`touch PWNED`", "a\nb\n", "{{ssm:/x}}", '"$HOME" \\ \t*', "ü €", "")
AWS = """#!/bin/sh
echo "$@" >>"$SANDBOXD_STATE/asked"
echo "sw0rd fish"
"""


class Machine:
    """A folder in the place of a machine's disk, with a tool `aws` of our own."""

    def __init__(self, folder: Path):
        self.folder, self.state, self.started = folder, folder / "state", []
        self.state.mkdir()
        (folder / "bin").mkdir()
        (folder / "bin" / "aws").write_text(AWS)
        (folder / "bin" / "aws").chmod(0o755)
        self.environ = os.environ | {
            "SANDBOXD_STATE": str(self.state), "SANDBOXD_PAUSE": "0.1", "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        }  # fmt: skip

    def start(self, script):
        """Begin a script in a process group of its own, as the agent does."""
        process = subprocess.Popen(
            ["sh", "-c", script], cwd=self.folder, env=self.environ, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self):
        """Kill what a failing test left running."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def run(self, script):
        """Exit code and output of a script."""
        process = self.start(script)
        out, _ = process.communicate(timeout=30)
        return process.returncode, out

    def file(self, name):
        return self.state / "install" / "bank" / name


@pytest.fixture
def machine(tmp_path):
    """A machine with what its image has."""
    for program in ("flock", "base64", "timeout"):
        need(program)
    machine = Machine(tmp_path)
    yield machine
    machine.end()


def install(command, values=(), secrets=(), name="bank"):
    return scripts.install(name, command, dict(values), dict(secrets), "eu-central-1")


COUNT = 'echo run >>"$SANDBOXD_STATE/runs"; '


def runs(machine):
    """How often the installer ran."""
    return (machine.state / "runs").read_text().count("run")


def test_a_second_start_does_nothing(machine):
    """It says so, and ends well."""
    assert machine.run(install(COUNT)) == (0, "installed\n")
    assert machine.run(install(COUNT)) == (0, "already installed\n")
    assert runs(machine) == 1


@pytest.mark.parametrize("code", [0, 7])
def test_a_second_start_meanwhile_waits_and_ends_like_the_first(machine, code):
    """Whatever that end is; the installer runs once."""
    first = machine.start(install(COUNT + f"until [ -e go ]; do sleep 0.05; done; exit {code}"))
    _until((machine.state / "runs").exists)
    second = machine.start(install(COUNT))
    assert second.stdout.readline() == "already running\n"
    (machine.folder / "go").touch()
    # one that had not waited would have found no code
    assert (second.communicate(timeout=20)[0], second.returncode) == ("", code)
    assert first.wait(20) == code
    first.communicate()
    assert runs(machine) == 1


def test_what_failed_is_run_again(machine):
    """With the exit code of each run."""
    command = COUNT + 'test "$(wc -l <"$SANDBOXD_STATE/runs")" -eq 2 || exit 3'
    assert machine.run(install(command)) == (3, "the installer ended with 3\n")
    assert machine.run(install(command)) == (0, "installed\n")


def test_what_was_killed_holds_no_lock(machine):
    """The agent kills the whole group when a command is cancelled."""
    first = machine.start(install(COUNT + "sleep 60"))
    _until((machine.state / "runs").exists)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert machine.run(install(COUNT)) == (0, "installed\n")
    assert runs(machine) == 2


def test_a_service_that_an_installer_leaves_behind_does_not_hold_the_lock(machine):
    """Else a retry would wait for it for ever."""
    left = machine.folder / "left"
    code, _ = machine.run(install(f"(sleep 20; :) >/dev/null 2>&1 & echo $! >{shlex.quote(str(left))}; exit 4"))
    try:
        assert code == 4
        assert machine.run(install("true")) == (0, "installed\n")
    finally:
        os.kill(int(left.read_text()), signal.SIGKILL)


def test_hostile_values_arrive_as_they_are(machine):
    """In names and values; nothing of them is shell, and nothing is left for Systems Manager to expand."""
    values = {f"k{n}": value for n, value in enumerate(HOSTILE)} | {"../../evil'$(touch PWNED)": "x", ".": "dot"}
    script = install('cp -r "$VALUES" values; printf %s "$CONSTELLATION" >name', values)
    assert machine.run(script) == (0, "installed\n")
    assert [(machine.folder / "values" / f"k{n}").read_text() for n in range(len(HOSTILE))] == list(HOSTILE)
    assert len(list((machine.folder / "values").iterdir())) == len(values)
    assert not list(machine.folder.rglob("PWNED")) and "{{" not in script


def test_hostile_names_stay_in_their_folder(machine):
    """Of constellations; the first line stays one line."""
    name = "../x'; touch PWNED\necho $(id)"
    script = install('printf %s "$CONSTELLATION" >name', name=name)
    assert machine.run(script) == (0, "installed\n")
    assert (machine.folder / "name").read_text() == name
    assert len(list((machine.state / "install").iterdir())) == 1 and not list(machine.folder.rglob("PWNED"))
    assert read(script) == ("install", {"name": name})


def test_the_machine_fetches_secrets_by_name(machine):
    """The installer finds the value in a file that only its owner reads; neither command nor log nor output has it."""
    code, out = machine.run(install('cp "$VALUES/password" got; cat "$VALUES/password"', secrets={"password": PATH}))
    assert (code, out, (machine.folder / "got").read_text()) == (0, "installed\n", "sw0rd fish")
    assert PATH in (machine.state / "asked").read_text()
    assert machine.file("values/password").stat().st_mode & 0o077 == 0
    assert machine.run(scripts.tail("bank")) == (0, "(a line with a secret)\n")


def test_a_secret_that_cannot_be_read_ends_it(machine):
    """Before the installer runs, with its name."""
    (machine.folder / "bin" / "aws").write_text("#!/bin/sh\nexit 254\n")
    process = machine.start(install(COUNT, secrets={"password": PATH}))
    assert process.communicate()[1] == f"the secret {PATH} cannot be read\n"
    assert process.returncode == scripts.NO_SECRET and not (machine.state / "runs").exists()


def test_the_tail_is_the_last_line_of_the_log(machine):
    """Nothing where there is none."""
    assert machine.run(scripts.tail("bank")) == (0, "\n")
    machine.run(install("echo one; echo two >&2"))
    assert machine.run(scripts.tail("bank")) == (0, "two\n")


def test_an_echo_comes_back(machine):
    """As one word."""
    assert machine.run(scripts.echo("ready")) == (0, "ready\n")


class _Fine(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def test_probes_pass_and_fail(machine):
    """Over HTTP, TCP and by a command; each until its deadline."""
    need("curl")
    need("bash")
    server = HTTPServer(("127.0.0.1", 0), _Fine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    try:
        assert machine.run(scripts.probe("http", f"http://127.0.0.1:{port}/health", 5)) == (0, "passed\n")
        assert machine.run(scripts.probe("http", f"http://127.0.0.1:{port}/ill", 0))[0] == 1
        assert machine.run(scripts.probe("tcp", f"127.0.0.1:{port}", 5)) == (0, "passed\n")
        assert machine.run(scripts.probe("tcp", str(port), 5)) == (0, "passed\n")
        assert machine.run(scripts.probe("tcp", "127.0.0.1:1", 0))[0] == 1
        assert machine.run(scripts.probe("command", "test 1 -eq 1", 5)) == (0, "passed\n")
        assert machine.run(scripts.probe("command", "'; touch PWNED; '", 0))[0] == 1
    finally:
        server.shutdown()
        server.server_close()
    assert not list(machine.folder.rglob("PWNED"))


def test_a_probe_tries_until_it_passes(machine):
    """It is not the first answer that counts."""
    process = machine.start(scripts.probe("command", "touch tried; test -e go", 20))
    _until((machine.folder / "tried").exists)
    (machine.folder / "go").touch()
    assert process.communicate(timeout=20)[0] == "passed\n"


def test_the_simulators_guest_knows_every_script():
    """By its first line."""
    every = (scripts.echo("x"), scripts.tail("x"), install("true"), scripts.probe("tcp", "a:1", 5))
    assert [read(script)[0] in GUEST for script in every] == [True] * 4
    assert read(scripts.probe("http", "http://h/a b", 5))[1] == {
        "kind": "http",
        "target": "http://h/a b",
        "deadline": "5",
    }


def _until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
