"""Everything that a person or CI runs: `nox` checks all, `nox -s bench` measures. Needs nothing but Python 3.11 or newer."""

import nox

nox.options.sessions = ["lint", "types", "tests", "docs"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = False
nox.needs_version = ">=2026.1"


def prepare(session: nox.Session, lock: str) -> None:
    """Install what the lock says, then this project as it is."""
    session.install("-q", "--require-hashes", "-r", f"requirements/{lock}.txt")
    session.install("-q", "--no-deps", "--no-build-isolation", "-e", ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Form, Trio's traps, floors, and sizes."""
    prepare(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("flake8", "--select", "ASYNC", "--disable-noqa", "--enable-async-library=trio", "sandboxd")
    session.run("lint-imports", "--no-cache")
    session.run("python", "tests/sizes.py")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict."""
    prepare(session, "types")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests: pure ones, real processes, the dashboard, the witnesses."""
    prepare(session, "test")
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    session.run("pytest", "-q", "-n", "2", "--dist", "worksteal", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Generated pages are as the code says, and links lead somewhere."""
    prepare(session, "test")
    session.run("python", "docs/generate.py", "--check")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure; prints a table and writes build/bench.json."""
    prepare(session, "test")
    session.env["PYTHONDONTWRITEBYTECODE"] = ""
    session.run("python", "-m", "tests.bench", *session.posargs)
