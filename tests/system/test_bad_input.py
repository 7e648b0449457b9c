"""Mistakes of people and states of the world: a clear message, the documented exit code, nothing lost, no traceback."""

import os
import subprocess

from harness import PYTHON, Process, wait_until, world


def says(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with this code and a message that has these words, and no traceback."""
    assert done.returncode == code, (done.args, done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word.lower() in done.stderr.lower(), (word, done.stderr)


def test_mistakes_at_a_running_daemon():
    """Unknown tenant, wrong profile, double create, start of a started sandbox, wrong parameters, bad names."""
    with world() as w:
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example")
        create = ("sandbox", "create", "bank", "--tenant", "acme", "--profile", "trial")
        says(
            w.cli("sandbox", "create", "bank", "--tenant", "acne", "--profile", "trial", check=False), 5, "acne", "acme"
        )
        says(
            w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "trail", check=False),
            5,
            "trail",
            "trial",
        )
        says(w.cli("sandbox", "create", "Bank!", "--tenant", "acme", "--profile", "trial", check=False), 2, "Bank!")
        says(w.cli(*create, "--set", "amk=true", check=False), 2, "amk")
        says(w.cli(*create, "--region", "mars-north-1", check=False), 2, "mars-north-1")
        says(w.cli("tenant", "onboard", "acme", "--email", "ops@acme.example", check=False), 6, "acme")
        says(w.cli("tenant", "onboard", "other", "--email", "nobody", check=False), 2, "nobody")
        w.cli(*create)
        says(w.cli(*create, check=False), 6, "exists")
        says(w.cli("sandbox", "start", "acme/bank", check=False), 6, "started")
        says(w.cli("sandbox", "show", "acme/bnak", check=False), 5, "acme/bank")
        says(w.cli("operation", "show", "op_x", check=False), 5, "op_x")
        says(w.cli("sandbox", "delete", "acme/bank", check=False), 2, "--confirm")
        says(w.cli("sandbox", "delete", "acme/bank", "--confirm", "bunk", check=False), 2, "bunk")
        assert w.json("sandbox", "show", "acme/bank")["state"] == "started"
        w.cli("sandbox", "delete", "acme/bank", "--confirm", "bank")
        says(w.cli("sandbox", "start", "acme/bank", check=False), 6, "deleted")
        assert w.inventory() == []


def test_without_a_daemon_the_client_says_what_it_dialled():
    """Exit 3, the path, what it means, and what to do."""
    with world() as w:
        says(w.cli("sandbox", "list", check=False), 3, str(w.socket), "serve")


def test_a_second_daemon_is_refused_and_the_first_goes_on():
    """Exit 75, and the first one's socket still answers."""
    with world() as w:
        first = w.serve()
        done = subprocess.run(
            [*PYTHON, "-m", "sandboxd", "serve", "--state-dir", str(w.state_dir)],
            capture_output=True,
            text=True,
            env=w.env,
            timeout=30,
            check=False,
        )
        says(done, 75, "another daemon", str(first.popen.pid))
        assert w.cli("info").returncode == 0


def test_settings_with_mistakes_are_all_named(tmp_path):
    """Exit 78, with file, line, column and a suggestion for each mistake."""
    config = tmp_path / "sandboxd.toml"
    config.write_text('stage = "dev"\n[aws]\nregoins = ["eu-central-1"]\n[clock]\npace = "fast"\n')
    done = subprocess.run(
        [*PYTHON, "-m", "sandboxd", "serve", "--config", str(config), "--state-dir", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    says(done, 78, "sandboxd.toml:3", "regions", "sandboxd.toml:5", "pace")


def test_aws_that_is_gone_and_comes_back_loses_nothing():
    """The daemon starts degraded, says why, refuses to onboard, and works once AWS answers."""
    with world() as w:
        w.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        w.serve()
        assert w.json("api", "GET", "/v1/health")["status"] == "degraded"
        says(w.cli("tenant", "onboard", "acme", "--email", "o@acme.example", check=False), 1, "AWS")
        assert w.daemon.terminate() == 0
        w.env["AWS_ENDPOINT_URL"] = w.endpoint
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "o@acme.example")
        assert w.json("tenant", "show", "acme")["state"] == "active"


def test_credentials_that_aws_refuses_are_named():
    """A wrong key is said, not retried for ever, and nothing is claimed."""
    with world() as w:
        w.env["AWS_ACCESS_KEY_ID"] = "AKIAWRONGWRONGWRONG1"
        w.serve()
        reasons = wait_until(lambda: reasons_of(w), "the organization to be asked for")
        assert "InvalidClientTokenId" in reasons or "credentials" in reasons
        assert w.health()["status"] == "degraded"
        says(w.cli("tenant", "onboard", "acme", "--email", "o@acme.example", check=False), 1)


def test_a_role_that_cannot_be_assumed_fails_the_create_with_the_reason():
    """The operation says which role in which account; nothing was made, and a delete cleans up what never was."""
    with world() as w:
        w.env["SANDBOXD_AWS__ROLE"] = "NoSuchRole"
        w.serve()
        w.cli("tenant", "onboard", "acme", "--email", "o@acme.example")
        refused = w.cli("sandbox", "create", "bank", "--tenant", "acme", "--profile", "trial", check=False)
        says(refused, 1, "NoSuchRole")
        assert w.inventory() == []


def test_no_credentials_at_all_is_said(tmp_path):
    """Without credentials the daemon starts degraded and says where it looked."""
    with world() as w:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            w.env.pop(name)
        w.env |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
        w.serve()
        assert "credentials" in wait_until(lambda: reasons_of(w), "the organization to be asked for").lower()


def reasons_of(w) -> str:
    """Why it is degraded, once it has asked."""
    said = " ".join(w.health()["reasons"])
    return "" if "not been read yet" in said else said


def test_a_socket_path_that_is_too_long_is_refused_with_its_length(tmp_path):
    """B25: one byte too long is said, not truncated."""
    long = "/tmp/" + "x" * 120
    done = subprocess.run(
        [*PYTHON, "-m", "sandboxd", "serve", "--socket", long, "--state-dir", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=os.environ | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
    )
    says(done, 78, "107", "125")


def test_the_socket_is_never_left_open_to_others():
    """The socket's mode is the configured one, and it is gone after a clean stop."""
    with world() as w:
        w.serve()
        assert w.socket.stat().st_mode & 0o777 == 0o660
        assert w.daemon.terminate() == 0
        assert not w.socket.exists()


def test_sigterm_twice_is_still_clean():
    """An impatient operator gets a clean end too."""
    with world() as w:
        w.serve()
        daemon: Process = w.daemon
        daemon.popen.terminate()
        daemon.popen.terminate()
        wait_until(lambda: daemon.popen.poll() is not None, "the end")
        assert daemon.popen.returncode == 0, daemon.said()
