#!/usr/bin/env bash
# `make bench-redis`: every tile of the grid of a generated city, asked of a server that has just been started: by turns
# without a Redis, and beside one in which another server has kept them. Bytes are compared first.
# PROGRAMS=FOLDER takes programs that are built already; CELLS and ROUNDS say how large and how often.
set -euo pipefail
source "$(dirname "$0")/tools.sh"

cells=${CELLS:-2500}
rounds=${ROUNDS:-5}
code=419901
zooms=(9 10 11 12 13 14)

need_rust
need_node
command -v redis-server >/dev/null || stop "redis-server is missing: scripts/install-test-tools.sh installs it."
programs=${PROGRAMS:-$target/demo}
if [ -z "${PROGRAMS:-}" ]; then
    build_dashboard
    cargo build --locked --manifest-path "$root/Cargo.toml" --profile demo -p api -p geo-tools --bins
fi
gridward=$programs/gridward

work=$(mktemp -d)
redis='' server=''
end() { [ -z "$1" ] || { kill -TERM "$1" 2>/dev/null && wait "$1" 2>/dev/null || true; }; }
trap 'end "$server"; end "$redis"; rm -rf "$work"' EXIT

say "$(grep -m 1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs || uname -m), $(nproc 2>/dev/null || echo '?') cores; $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo 'no commit'); load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo '?')"
port=$(free_port)
redis-server --port "$port" --bind 127.0.0.1 --dir "$work" --save '' --appendonly no >"$work/redis.log" 2>&1 &
redis=$!
export GRIDWARD_DATA_DIR=$work/data GRIDWARD_LOG=warn
mkdir "$work/data"

# serve NAME=VALUE…: a server with these variables and with nothing in its memory.
serve() {
    listen=127.0.0.1:$(free_port)
    env GRIDWARD_LISTEN="$listen" "$@" "$gridward" serve >"$work/server.log" 2>&1 &
    server=$!
    node "$root/scripts/wait-ready.mjs" "http://$listen/ready" 60 || stop "$(tail -n 5 "$work/server.log")"
}
ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }

# fetch: prints "count all_ms median_ms slowest_ms cpu_ms digest" of every tile.
fetch() {
    local before after told
    before=$(ticks)
    told=$(node "$root/scripts/fetch-tiles.mjs" "http://$listen" "$code" "${zooms[@]}")
    after=$(ticks)
    printf '%s %d %s\n' "${told% *}" $(((after - before) * 1000 / $(getconf CLK_TCK))) "${told##* }"
}

"$programs/geo-tools" generate --preset city --cells "$cells" --households "$cells" --seed 1 -o "$work/city" 2>/dev/null
"$gridward" migrate >/dev/null
"$gridward" district create --code "$code" --name 示例 --timezone Asia/Shanghai >/dev/null
"$gridward" import cells "$work/city/townships.geojson" --district "$code" --level township --id code >/dev/null
"$gridward" import cells "$work/city/communities.geojson" --district "$code" --level community --id code --parent parent >/dev/null
"$gridward" import cells "$work/city/cells.geojson" --district "$code" --level cell --id code --parent parent >/dev/null

# Another server fills Redis, and is gone.
serve GRIDWARD_REDIS_URL="redis://127.0.0.1:$port"
fetch >"$work/first"
for _ in $(seq 100); do
    kept=$(redis-cli -p "$port" DBSIZE)
    [ "$kept" -lt "$(cut -d' ' -f1 "$work/first")" ] || break
    sleep 0.1
done
end "$server"
printf '%d tiles, %d in Redis, %s of its memory\n' "$(cut -d' ' -f1 "$work/first")" "$kept" \
    "$(redis-cli -p "$port" INFO memory | tr -d '\r' | sed -n 's/^used_memory_human://p')"

for _ in $(seq "$rounds"); do
    for redis_url in none "redis://127.0.0.1:$port"; do
        serve GRIDWARD_REDIS_URL="$redis_url"
        fetch >>"$work/${redis_url%%:*}"
        end "$server"
    done
done
server=
[ "$(cat "$work/first" "$work/none" "$work/redis" | cut -d' ' -f6 | sort -u | wc -l)" = 1 ] || stop "The tiles are not the same."

# median FILE COLUMN
median() { cut -d' ' -f"$2" "$1" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }
printf '\n| a server just started | all tiles, ms | median of one, ms | slowest, ms | CPU of the server, ms |\n|---|---|---|---|---|\n'
for way in none redis; do
    name='without a Redis'
    [ "$way" = none ] || name='beside a Redis that has them'
    printf '| %s | %s | %s | %s | %s |\n' "$name" "$(median "$work/$way" 2)" "$(median "$work/$way" 3)" "$(median "$work/$way" 4)" "$(median "$work/$way" 5)"
done
