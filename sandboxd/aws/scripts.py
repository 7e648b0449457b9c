"""The scripts that machines run for us over Systems Manager: plain POSIX shell, pure functions of what stands in them.

The first line says what a script is, values percent-encoded. No value of anybody's is ever part of the shell's text:
values travel in base64 (Systems Manager would expand `{{ }}` in them, too), and secrets are fetched by the machine.
"""

import base64
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import quote

STATE = "/var/lib/sandboxd"
"""folder of ours on a machine's disk; `SANDBOXD_STATE` in its place for tests"""
BUSY, CUT, NO_SECRET = 75, 143, 65
"""exit codes: a lock that cannot be had, an installer that was cut off, a secret that cannot be read"""


def head(verb: str, **words: object) -> str:
    """Return the first line of a script."""
    pairs = [f"{key}={quote(str(value), safe='')}" for key, value in words.items()]
    return " ".join(["#sandboxd", verb, *pairs])


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _file(name: str) -> str:
    """Return a name as a file may have it: no slash, no leading dot, nothing that a shell would notice."""
    return quote(name, safe="").replace(".", "%2E") if name.startswith(".") else quote(name, safe="")


def echo(say: str) -> str:
    """Return a script that answers with one word."""
    return "\n".join([head("echo", say=say), f"printf '%s\\n' {shlex.quote(quote(say, safe=''))}"])


def tail(name: str) -> str:
    """Return a script that answers with the last line of an installer's log, unless a secret stands in it."""
    return "\n".join([head("tail", name=name), *_places(name), _TAIL])


def install(name: str, command: str, values: Mapping[str, str], secrets: Mapping[str, str], region: str) -> str:
    """Return the script that installs a constellation, once on one disk: `secrets` are names of values -> names of parameters."""
    given = [
        f'printf %s {_encoded(str(value))} | base64 -d >"$home/values/{_file(key)}"' for key, value in values.items()
    ]
    fetched = [f"secret {shlex.quote(_file(key))} {shlex.quote(path)}" for key, path in secrets.items()]
    return "\n".join([
        head("install", name=name), *_places(name), f"region={shlex.quote(region)}", f"command=$(printf %s {_encoded(command)} | base64 -d)",
        f"CONSTELLATION=$(printf %s {_encoded(name)} | base64 -d)", _BEGIN, *given, *fetched, _RUN,
    ])  # fmt: skip


def probe(how: str, target: str, deadline: int) -> str:
    """Return a script that tries until something answers, or until a deadline: `http`, `tcp` or `command`."""
    if how == "tcp" and ":" not in target:
        target = f"localhost:{target}"
    words = head("probe", kind=how, target=target, deadline=deadline)
    lines = [f"target=$(printf %s {_encoded(target)} | base64 -d)", f"left={int(deadline)}", _PROBES[how], _TRY]
    return "\n".join([words, *lines])


def _places(name: str) -> Sequence[str]:
    return (
        "set -u",
        "umask 077",
        f'home="${{SANDBOXD_STATE:-{STATE}}}/install/{_file(name)}"',
        'log="$home/log"',
    )


_BEGIN = """\
mkdir -p "$home/values" "$home/secrets" || exit 73
exec 9>>"$home/lock"
if [ -e "$home/done" ]; then echo "already installed"; exit 0; fi
if ! flock -n 9; then
  echo "already running"
  flock 9 || exit 75
  if [ -e "$home/done" ]; then exit 0; fi
  exit "$(cat "$home/code" 2>/dev/null || echo 143)"
fi
if [ -e "$home/done" ]; then echo "already installed"; exit 0; fi
rm -f "$home/code"
secret() {
  if ! aws ssm get-parameter --region "$region" --with-decryption --name "$2" --query Parameter.Value --output text \\
      >"$home/secrets/$1.new" 2>>"$log"; then
    echo "the secret $2 cannot be read" >&2
    exit 65
  fi
  printf %s "$(cat "$home/secrets/$1.new")" >"$home/secrets/$1"
  rm -f "$home/secrets/$1.new"
  cp "$home/secrets/$1" "$home/values/$1"
}"""
_RUN = """\
CONSTELLATION="$CONSTELLATION" VALUES="$home/values" sh -c "$command" >>"$log" 2>&1 </dev/null
code=$?
echo "$code" >"$home/code.new" && mv "$home/code.new" "$home/code"
if [ "$code" -eq 0 ]; then
  : >"$home/done.new" && sync && mv "$home/done.new" "$home/done"
  echo "installed"
else
  echo "the installer ended with $code"
fi
flock -u 9
exit "$code\""""
_TAIL = """\
line=$(tail -n 1 "$log" 2>/dev/null)
for one in "$home"/secrets/*; do
  [ -e "$one" ] || continue
  value=$(cat "$one")
  [ -n "$value" ] || continue
  case $line in *"$value"*) line="(a line with a secret)" ;; esac
done
printf '%s\\n' "$line\""""
_PROBES = {
    "http": 'try() { curl -fksS -o /dev/null --max-time 10 -- "$target"; }',
    "tcp": 'try() { timeout 10 bash -c \'exec 3<>"/dev/tcp/$0/$1"\' "${target%:*}" "${target##*:}"; }',
    "command": 'try() { timeout 60 sh -c "$target"; }',
}
_TRY = """\
began=$(date +%s)
while :; do
  if try >/dev/null 2>&1 </dev/null; then echo "passed"; exit 0; fi
  [ $(($(date +%s) - began)) -lt "$left" ] || break
  sleep "${SANDBOXD_PAUSE:-5}"
done
echo "no answer within $left s" >&2
exit 1"""
HOW = tuple(_PROBES)
