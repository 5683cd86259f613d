#!/usr/bin/env bash
# `make bench-import`: a million invented households come in while somebody reports an incident every 50 ms, then 100,000 past
# incidents, then the same households again: on SQLite and on PostgreSQL. Says how long each takes, what the server holds at
# most, and how long a report waits at most; and whether every row came in, once, and every household into its cell.
# `scripts/bench_import.sh sqlite` measures only that. PROGRAMS=FOLDER takes programs that are built already.
set -euo pipefail
source "$(dirname "$0")/tools.sh"

households=${HOUSEHOLDS:-1000000}
incidents=${INCIDENTS:-100000}
cells=$((households / 400))
code=419901
databases=("$@")
[ ${#databases[@]} -gt 0 ] || databases=(sqlite postgres)
failed=0

need_rust
need_node
programs=${PROGRAMS:-$target/demo}
if [ -z "${PROGRAMS:-}" ]; then
    build_dashboard
    cargo build --locked --manifest-path "$root/Cargo.toml" --profile demo -p api -p geo-tools --bins
fi
gridward=$programs/gridward

work=$(mktemp -d)
chmod 755 "$work"
started=()
# Ends what was started last first: the server before its database.
finish() {
    local at
    for ((at = ${#started[@]} - 1; at >= 0; at--)); do
        kill -TERM "${started[at]}" 2>/dev/null || continue
        wait "${started[at]}" 2>/dev/null || true
    done
    started=()
}
trap 'finish; rm -rf "$work"' EXIT

commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo 'no commit')
say "$(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs || uname -m), $(nproc 2>/dev/null || echo '?') cores; $commit"
# Others on the machine slow all of it.
printf 'load when it began: %s\n' "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo '?')"
table=$work/table
"$programs/geo-tools" generate --preset city --cells "$cells" --households "$households" --seed 1 -o "$work/city" 2>/dev/null
# Past incidents where households are, one minute after the other.
awk -F, -v count="$incidents" 'BEGIN { print "id,occurred_at,category,text,lon,lat,closed_at" }
    NR > 1 && NR <= count + 1 {
        at = sprintf("2026-%02d-%02dT%02d:%02d:00+08:00", 1 + NR % 5, 1 + NR % 28, NR % 24, NR % 60)
        print "p" NR "," at ",rubbish,Bag " NR "," $5 "," $6 "," (NR % 3 ? at : "")
    }' "$work/city/households.csv" >"$work/incidents.csv"
read -r lon lat < <(awk -F, 'NR == 2 { print $5, $6 }' "$work/city/households.csv")

# Prints the address of a new and empty database.
sqlite_database() { url=sqlite://$work/data/gridward.db; }

postgres_database() {
    local bin port as=()
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
    [ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
    port=$(free_port)
    # It refuses to run as root: then it runs as the user that its package made.
    mkdir "$work/postgres"
    if [ "$(id -u)" = 0 ]; then
        as=(setpriv --reuid postgres --regid postgres --clear-groups --)
        chown postgres "$work/postgres"
    fi
    (cd "$work/postgres" && "${as[@]}" "$bin/initdb" --pgdata="$work/postgres/data" --username=gridward --auth=trust \
        --encoding=UTF8 --locale=C >"$work/postgres.log")
    # As it comes, but for where it listens: what is committed is on the disk.
    (cd "$work/postgres" && exec "${as[@]}" "$bin/postgres" -D "$work/postgres/data" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories="$work/postgres" >>"$work/postgres.log" 2>&1) &
    started+=($!)
    url=postgres://gridward@127.0.0.1:$port/postgres
    for _ in $(seq 100); do
        ! "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" || return 0
        sleep 0.1
    done
    stop "PostgreSQL does not start: $(tail -n 3 "$work/postgres.log")"
}

now_ms() { date +%s%3N; }

# What must hold of a figure.
hold() {
    local claim=$1
    shift
    if "$@"; then printf '  holds  %s\n' "$claim"; else printf '  FAILS  %s\n' "$claim" && failed=$((failed + 1)); fi
}

# measure WHAT ARGUMENTS…: an import while reports go on; leaves its seconds, the slowest report and the peak of the server.
measure() {
    local what=$1 begun reporter
    shift
    echo 5 >"/proc/$server/clear_refs"
    node "$root/scripts/report-steadily.mjs" "http://$GRIDWARD_LISTEN" "$code" "$lon" "$lat" 50 >"$work/reports" &
    reporter=$!
    started+=("$reporter")
    begun=$(now_ms)
    "$gridward" import "$@" --district "$code" --report "$work/report.json" >"$work/said" || stop "$(cat "$work/said")"
    local took=$(($(now_ms) - begun))
    kill -TERM "$reporter"
    wait "$reporter" || true
    read -r stored lost slowest_ms <"$work/reports"
    peak_mib=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$server/status")
    printf '%s: %d.%d s, the server held at most %d MiB, the slowest of %d reports took %d ms\n' "$what" $((took / 1000)) \
        $((took % 1000 / 100)) "$peak_mib" "$stored" "$slowest_ms"
    printf '| %s | %s | %d.%d | %d | %d | %d |\n' "$database" "$what" $((took / 1000)) $((took % 1000 / 100)) "$peak_mib" \
        "$stored" "$slowest_ms" >>"$table"
    seconds=$((took / 1000))
    reported=$((reported + stored))
    hold "no report was lost" [ "$lost" = 0 ]
    hold "no report waited a second" [ "$slowest_ms" -lt 1000 ]
    hold "the server held at most 256 MiB" [ "$peak_mib" -le 256 ]
}

figure() { node -p 'JSON.parse(require("node:fs").readFileSync(process.argv[1])).figures[process.argv[2]][process.argv[3]]' "$work/report.json" "$1" "$2"; }
count_of() { "$gridward" export "$1" --district "$code" --format csv -o "$work/export.csv" >/dev/null; tail -n +2 "$work/export.csv" | wc -l; }
cells_agree() {
    cmp -s <(tail -n +2 "$work/city/households.csv" | cut -d, -f1,7 | LC_ALL=C sort) \
        <(tail -n +2 "$work/export.csv" | cut -d, -f1,6 | LC_ALL=C sort)
}

for database in "${databases[@]}"; do
    say "$database: $households households in $cells cells"
    rm -rf "$work/data" && mkdir "$work/data"
    "${database}_database"
    export GRIDWARD_DATABASE_URL=$url GRIDWARD_DATA_DIR=$work/data GRIDWARD_LISTEN=127.0.0.1:$(free_port) GRIDWARD_LOG=warn
    "$gridward" migrate >/dev/null
    "$gridward" serve >"$work/server.log" 2>&1 &
    server=$!
    started+=("$server")
    node "$root/scripts/wait-ready.mjs" "http://$GRIDWARD_LISTEN/ready" 60 || stop "$(tail -n 5 "$work/server.log")"
    "$gridward" district create --code "$code" --name 示例 --timezone Asia/Shanghai >/dev/null
    "$gridward" import cells "$work/city/townships.geojson" --district "$code" --level township --id code >/dev/null
    "$gridward" import cells "$work/city/communities.geojson" --district "$code" --level community --id code --parent parent >/dev/null
    "$gridward" import cells "$work/city/cells.geojson" --district "$code" --level cell --id code --parent parent >/dev/null
    reported=0

    measure "$households households" households "$work/city/households.csv"
    hold "it took at most 60 s" [ "$seconds" -lt 60 ]
    hold "$households households are there" [ "$(count_of households)" = "$households" ]
    hold "each has the cell that it was made in" cells_agree

    measure "$incidents past incidents" incidents "$work/incidents.csv"
    hold "$incidents are new" [ "$(figure incidents added)" = "$incidents" ]
    hold "they and the $reported reports are there" [ "$(count_of incidents)" = $((incidents + reported)) ]

    measure "the same households again" households "$work/city/households.csv"
    hold "it took at most 60 s" [ "$seconds" -lt 60 ]
    hold "nothing is new or changed" [ "$(figure rows added) $(figure rows changed)" = "0 0" ]
    finish
done
printf '\n| database | what | seconds | peak of the server, MiB | reports meanwhile | slowest, ms |\n|---|---|---|---|---|---|\n'
cat "$table"
say "$([ "$failed" = 0 ] && echo 'All of it holds.' || echo "$failed of it does not hold.")"
[ "$failed" = 0 ]
