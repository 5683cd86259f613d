# Sourced by the other scripts: what they need of the machine, and how they speak.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gridward
target=${CARGO_TARGET_DIR:-$root/target}

say() { printf '\n== %s\n' "$*"; }

# One clear line, and the end.
stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Cargo of rustup is often not yet in the PATH of the shell that installed it.
need_rust() {
    command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
    command -v cargo >/dev/null || stop "Rust is missing: install it from https://rustup.rs, then run this again."
    command -v cc >/dev/null || stop "A C compiler is missing (SQLite is compiled in): on Debian, apt-get install build-essential."
}

need_node() {
    command -v node >/dev/null || stop "Node.js is missing: Gridward's dashboard is built with Node 20 or newer (https://nodejs.org)."
    command -v npm >/dev/null || stop "npm is missing: it comes with Node.js, or as the package npm."
    local major
    major=$(node -p 'process.versions.node.split(".")[0]')
    [ "$major" -ge 20 ] || stop "Node.js $(node -v) is too old: the dashboard is built with Node 20 or newer."
}

# The dashboard's packages, unless they are as the lock file says already.
install_dashboard() {
    local lock=$root/dashboard/package-lock.json kept=$root/dashboard/node_modules/.gridward-lock
    cmp -s "$lock" "$kept" && return
    say "Installing the dashboard's packages"
    (cd "$root/dashboard" && npm ci --no-audit --no-fund --no-update-notifier) && cp "$lock" "$kept"
}

# Once for a run of many scripts.
build_dashboard() {
    [ -z "${DASHBOARD_IS_BUILT:-}" ] || return 0
    install_dashboard || return
    say "Building the dashboard"
    (cd "$root/dashboard" && npm run build -- --logLevel warn)
}

# behind LOG COMMAND…: begins a command beside what follows, as process $behind. It has a process group of its own, which ends
# with the script, also by Ctrl-C: that reaches only what runs in front, and who is killed leaves what it began.
behind() {
    local log=$1
    shift
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    behind=$!
    set +m
    trap "kill -TERM -- -$behind 2>/dev/null" EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Waits for what was begun so, and answers its exit code. Its number may soon be another's: it is not ended with the script
# then, and a script under `set -e` does not fail for ending what has ended.
wait_behind() {
    local code=0
    wait "$behind" || code=$?
    trap - EXIT
    return "$code"
}

# Answers a port of the loopback that is free now.
free_port() {
    node -e 'const s = require("node:net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}
