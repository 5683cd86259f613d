#!/usr/bin/env bash
# `make bench-peers`: Gridward beside what others would take: location, GeoJSON, coverages, vector tiles and viewports over
# GraphQL on files that `geo-tools generate` makes, and plans of generated units. `scripts/bench_peers.sh TASK…` runs only
# these, of those that scripts/bench_peers/run.py lists.
#
# The peers are installed as scripts/bench_peers/requirements.txt, Cargo.lock and postgraphile/package-lock.json pin them,
# PostGIS from Debian. One that cannot be had is named and left out, and then the end is an error unless
# PEERS_ALLOW_MISSING=1.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

need_rust
venv=$cache/peers
work=$target/peers
left_out=()

leave_out() {
    printf 'left out: %s (%s)\n' "$1" "$2"
    left_out+=("$1")
}

if ! cmp -s scripts/bench_peers/requirements.txt "$venv/requirements.txt"; then
    say "Installing the peers of Python into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    pip=("$venv/bin/pip" install --quiet --disable-pip-version-check)
    # One by one, so that one that cannot be had is left out alone.
    complete=yes
    while read -r package; do
        "${pip[@]}" "$package" || { complete=no; echo "$package cannot be installed"; }
    done <scripts/bench_peers/requirements.txt
    [ $complete = no ] || cp scripts/bench_peers/requirements.txt "$venv/requirements.txt"
fi
can() { "$venv/bin/python" -c "import $1" 2>/dev/null; }
can numpy || stop "numpy cannot be installed, and the comparison needs it."
can shapely || stop "shapely cannot be installed, and all that is Python or SQL reads the cells by it."
can pyogrio || leave_out gdal 'pyogrio cannot be installed'
can 'duckdb, pyarrow, duckdb_extension_spatial' || leave_out duckdb 'DuckDB or its spatial extension cannot be installed'
can pymetis || leave_out metis 'pymetis cannot be installed'
can kahip || leave_out kahip 'kahip cannot be installed'
can mtkahypar || leave_out mtkahypar 'mtkahypar cannot be installed'
can 'gerrychain, networkx' || leave_out gerrychain 'gerrychain cannot be installed'

find_postgis() { compgen -G '/usr/share/postgresql/*/extension/postgis.control' | sort -V | tail -n 1; }
if [ -z "$(find_postgis)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "Installing PostGIS"
    export DEBIAN_FRONTEND=noninteractive
    version=$(ls /usr/lib/postgresql 2>/dev/null | sort -V | tail -n 1)
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "postgresql-${version:-15}-postgis-3" >/dev/null || true
fi

# Everything in the server's own folder, on a socket in it; nobody else can reach it.
start_postgis() {
    local bin=$1
    server_folder=$(mktemp -d /tmp/gridward-peers-XXXXXX)
    as=()
    if [ "$(id -u)" = 0 ]; then
        as=(runuser -u postgres --)
        chown postgres "$server_folder"
    fi
    "${as[@]}" "$bin/initdb" -D "$server_folder/data" -U peers -A trust -E UTF8 --locale=C --no-sync >"$server_folder/log" 2>&1 &&
        "${as[@]}" "$bin/pg_ctl" -D "$server_folder/data" -w -t 60 -l "$server_folder/server.log" \
            -o "-c listen_addresses='' -c unix_socket_directories='$server_folder' -c fsync=off -c shared_buffers=512MB -c max_worker_processes=0 -c autovacuum=off" start >/dev/null
}
stop_postgis() {
    [ -z "${server_folder:-}" ] && return
    "${as[@]}" "$bin/pg_ctl" -D "$server_folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$server_folder"
}
postgis=$(find_postgis)
if [ -z "$postgis" ] || ! can psycopg; then
    leave_out postgis 'PostGIS or psycopg cannot be installed'
else
    version=${postgis#/usr/share/postgresql/}
    bin=/usr/lib/postgresql/${version%%/*}/bin
    trap stop_postgis EXIT
    if start_postgis "$bin"; then
        export PEERS_POSTGRES="host=$server_folder user=peers dbname=postgres"
    else
        cat "$server_folder"/*log
        leave_out postgis 'its server does not start'
    fi
fi

postgraphile=scripts/bench_peers/postgraphile
install_postgraphile() {
    local kept=$postgraphile/node_modules/.gridward-lock
    cmp -s $postgraphile/package-lock.json $kept && return
    command -v npm >/dev/null || return
    say "Installing PostGraphile"
    (cd $postgraphile && npm ci --no-audit --no-fund --no-update-notifier) && cp $postgraphile/package-lock.json $kept
}
packages=(-p geo-tools)
if [ $# = 0 ] || [[ " $* " == *" viewport "* ]]; then
    packages+=(-p api)
    install_postgraphile || leave_out postgraphile 'it cannot be installed by npm'
fi

say "Building Gridward and the peers of Rust and C"
cargo build --locked --release "${packages[@]}" --bins
cargo build --locked --release --manifest-path scripts/bench_peers/Cargo.toml --target-dir "$work/target"
mkdir -p "$work/programs"
cp "$target/release/geo-tools" "$work/target/release/bench-peers" "$work/programs/"
[ ${#packages[@]} = 2 ] || cp "$target/release/gridward" "$work/programs/"

say "$(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs || uname -m), $(nproc 2>/dev/null || echo '?') cores, $(rustc --version)"
grep -v '^pyarrow\|^numpy\|^psycopg' scripts/bench_peers/requirements.txt | xargs
[ -z "${PEERS_POSTGRES:-}" ] || "$bin/psql" -Atq -h "$server_folder" -U peers postgres -c 'CREATE EXTENSION postgis' -c 'SELECT postgis_full_version()'
export OMP_NUM_THREADS=1
PEERS_LEFT_OUT="${left_out[*]}" "$venv/bin/python" -B scripts/bench_peers/run.py "$work/programs" "$venv/bin/python" "$work" "$@"
if [ ${#left_out[@]} -gt 0 ]; then
    echo "Left out: ${left_out[*]}"
    [ "${PEERS_ALLOW_MISSING:-}" = 1 ] || exit 1
fi
