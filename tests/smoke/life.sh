#!/bin/sh
# A whole life against a running daemon: the CLI, and curl over its socket (`sandboxd api` where curl is missing).
# Usage: SANDBOXD_SOCKET=… tests/smoke/life.sh [PROFILE]      SANDBOXD: the command (default `sandboxd`)
set -eu
profile=${1:-trial}
run=${SANDBOXD:-sandboxd}
socket=${SANDBOXD_SOCKET:-/run/sandboxd/sandboxd.sock}
tenant=smoke-$$
name=life

say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }
get() {
  if command -v curl >/dev/null 2>&1; then curl -fsS --unix-socket "$socket" "http://sandboxd$1"; else $run api GET "$1"; fi
}
state() { $run sandbox show "$tenant/$name" -o json | sed -n 's/^  "state": "\(.*\)",$/\1/p'; }
expect() { [ "$(state)" = "$1" ] || fail "the sandbox is $(state), not $1"; }

$run info >/dev/null || fail "no daemon at $socket"
say "onboard $tenant"
$run tenant onboard "$tenant" --email "$tenant@example.com"
$run tenant list | grep -q "$tenant" || fail "the tenant is not listed"
say "plan and create"
$run plan create $name --tenant "$tenant" --profile "$profile" >/dev/null
operation=$($run sandbox create $name --tenant "$tenant" --profile "$profile" --no-wait)
$run why "$operation" >/dev/null
$run operation wait "$operation"
expect started
get /v1/sandboxes | grep -q "\"$tenant\"" || fail "the API does not list the sandbox"
get "/v1/operations/$operation" | grep -q '"succeeded"' || fail "the operation is not over"
$run sandbox create $name --tenant "$tenant" --profile "$profile" 2>/dev/null && fail "a second create was accepted"
say "stop, start, delete"
$run sandbox stop "$tenant/$name"
expect stopped
$run sandbox start "$tenant/$name"
expect started
$run sandbox delete "$tenant/$name" --confirm $name
expect deleted
$run events --limit 5 >/dev/null
say "passed: $tenant lived a whole life of $profile"
