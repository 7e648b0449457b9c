"""What all tests share: how hypothesis looks for counterexamples, and an environment without anybody's AWS."""

import os

import pytest
from hypothesis import settings

# On shared cores a deadline per example is a flake; in CI the same examples come every time.
settings.register_profile("here", deadline=None, database=None)
settings.register_profile("ci", deadline=None, database=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach an AWS account or a daemon that the person who runs it happens to use."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SANDBOXD_")) and name != "SANDBOXD_RECORDINGS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
