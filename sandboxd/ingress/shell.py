"""What runs on an ingress machine, as POSIX shell: coreutils, sed, gzip, flock and curl, nothing else.

Every script says its outcome as one line of JSON and as its exit code; `said.py` knows both.
"""

COMMON = r"""
set -u
umask 022
flat() { tr '\n\t' '  ' | tr -d '\000-\037"\\' | cut -c1-600; }
ask() { curl -s -m 5 --unix-socket "$admin" "http://envoy$1"; }
version_in() { sed -n 's/.*"version_info":"\([^"]*\)".*/\1/p' "$1" 2>/dev/null | head -n 1; }
stats() { ask '/stats?filter=version_text%7Cupdate_rejected%7Cwarming'; }
sum() { echo "0$(sed -n "s/.*$1[a-z_]*: /+/p" | tr -d '\n')"; }
dump() { ask '/config_dump?resource=dynamic_listeners'; }
error() { sed -n 's/.*"details": //p' | sort -u | flat; }
"""

DELIVER = r"""
say() {
  printf '{"outcome":"%s","version":"%s","runs":"%s","detail":"%s","bad":[%s]}\n' "$2" "$(version_in "$folder/lds.json")" "$(running)" "$3" "${4-}"
  [ -z "${new-}" ] || rm -rf "$new"
  exit "$1"
}
running() { # what Envoy said it runs, when it was asked last
  sed -n 's/^listener_manager.lds.version_text: "\(.*\)"$/\1/p' "${new:-/nowhere}/stats" 2>/dev/null | head -n 1
}
put() { # one folder's files into place, what is referred to first; a rename, never a write
  for file in cds.json rds.json lds.json; do
    cp "$1/$file" "$folder/.$file" && sync "$folder/.$file" && mv "$folder/.$file" "$folder/$file" || return 1
  done
  sync "$folder"
}
settled() { # Envoy runs this version of all three, and nothing of it is on its way
  stats >"$new/stats" || return 1
  [ "$(grep -c "version_text: \"$version\"" "$new/stats")" = 3 ] && ! grep -q 'warming[a-z_]*: [1-9]' "$new/stats"
}
refused() { [ $(($(sum update_rejected <"$new/stats"))) -gt "$before" ]; }
owners() { # of the listeners that Envoy could not make, by its dump: a name, then its error, at the same depth
  sed -n -e '/^   "name": /h' -e '/^   "error_state": /{g;s/.*: "\([^/"]*\)\/.*/"\1"/p;}'
}
keep() { # what a rejected one is replaced by; it takes its name in one move
  rm -rf "$folder/good.$1" "$folder/.good" && mkdir "$folder/good.$1" && cp "$folder"/[crl]ds.json "$folder/good.$1" || return 1
  sync "$folder/good.$1"/* && ln -s "good.$1" "$folder/.good" && mv -T "$folder/.good" "$folder/good" || return 1
  for old in "$folder"/good.*; do [ "$old" = "$folder/good.$1" ] || rm -rf "$old"; done
}
prove() {
  left=$patience
  until settled; do
    if refused; then
      dump >"$new/dump"
      put "$folder/good"
      say 5 rejected "$(error <"$new/dump")" "$(owners <"$new/dump" | sort -u | paste -sd, -)"
    fi
    left=$((left - 1))
    [ "$left" -gt 0 ] || say 8 unproved "Envoy does not say that it runs it: $(grep version_text "$new/stats" | flat)"
    sleep 0.2
  done
  keep "$version" || say 8 unproved "the files that run could not be kept for later"
  say 0 "$1" ""
}
exec 9>"$folder/.lock"
flock -w 60 9 || say 7 busy "another delivery is at work"
rm -rf "$folder"/.new.*
new=$(mktemp -d "$folder/.new.XXXXXX") || say 6 damaged "no room in $folder"
stats >"$new/stats"
before=$(($(sum update_rejected <"$new/stats")))
runs=$(version_in "$folder/lds.json")
if [ "$runs" = "$version" ]; then # moved into place once more, where Envoy has not noticed the first time
  settled || put "$folder" || say 8 unproved "the files could not be moved into place again"
  prove there
fi
[ "$runs" = "$expected" ] || say 3 other "expected $expected here"
base64 -d <<'END' 2>/dev/null | gzip -dc >"$new/payload" 2>/dev/null
@payload@
END
[ "$(sha256sum <"$new/payload" | cut -d' ' -f1)" = "$digest" ] || say 6 damaged "what arrived has another digest"
for file in cds.json rds.json lds.json check; do
  sed -n "s/^$file //p" "$new/payload" >"$new/$file"
done
mv "$new/check" "$new/check.json"
if ! "$envoy" --mode validate -l error -c "$new/check.json" >"$new/words" 2>&1; then
  bad=""
  for one in $(sed -n 's/^check:\([^ ]*\) .*/\1/p' "$new/payload"); do
    sed -n "s/^check:$one //p" "$new/payload" >"$new/check.json"
    "$envoy" --mode validate -l error -c "$new/check.json" >"$new/alone" 2>&1 || bad="$bad${bad:+,}\"$one\""
  done
  say 4 invalid "$(flat <"$new/words")" "$bad"
fi
[ -e "$folder/good/lds.json" ] || keep "$runs" || say 8 unproved "the files of a new machine are not there"
put "$new" || say 8 unproved "the files could not be moved into place"
prove delivered
"""

REPORT = r"""
lines=$(stats) || lines=""
of() { printf '%s\n' "$lines" | sed -n "s/^$1: \"*\([^\"]*\)\"*\$/\1/p" | head -n 1; }
count=$(($(printf '%s\n' "$lines" | sum update_rejected)))
warming=$(($(printf '%s\n' "$lines" | sum warming)))
failed=$(ask '/stats?filter=listener_create_failure' | sed -n 's/^listener_manager.listener_create_failure: //p')
sums() { cat "$1/cds.json" "$1/rds.json" "$1/lds.json" 2>&1 | sha256sum; }
edited=false # whether the files are others than those that were proved
[ ! -e "$folder/good/lds.json" ] || [ "$(sums "$folder")" = "$(sums "$folder/good")" ] || edited=true
detail=""
[ "$count" = 0 ] || detail=$(dump | error)
printf '{"answers":%s,"cds":"%s","rds":"%s","lds":"%s","files":"%s","good":"%s","edited":%s,"rejected":%s,"failed":%s,"warming":%s,"detail":"%s"}\n' \
  "$([ -n "$lines" ] && echo true || echo false)" "$(of cluster_manager.cds.version_text)" \
  "$(of 'http.ingress.rds.ingress.version_text')" "$(of listener_manager.lds.version_text)" \
  "$(version_in "$folder/lds.json")" "$(version_in "$folder/good/lds.json")" "$edited" "$count" "${failed:-0}" "$warming" "$detail"
"""

FIRST = r"""#!/bin/sh
# what a new ingress machine needs before anything is delivered; again on a machine that has it: nothing changes
set -eu
umask 022
mkdir -p "$folder"
make() { [ -e "$folder/$1" ] || { cat >"$folder/.$1" && sync "$folder/.$1" && mv "$folder/.$1" "$folder/$1"; }; }
"""

UNIT = """[Unit]
Description=Envoy, the ingress of the sandboxes
After=network-online.target
[Service]
ExecStart={envoy} -c {folder}/bootstrap.json --disable-hot-restart --drain-time-s 60 -l warn
DynamicUser=yes
RuntimeDirectory=sandboxd-envoy
LimitNOFILE=65536
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
"""
