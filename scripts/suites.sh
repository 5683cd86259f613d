# Sourced by test.sh: which suites there are, and one function per suite. Each prints what its runner prints and ends non-zero when a test failed; where it
# cannot run at all it prints "left out: WHY".

data=${GRIDWARD_DATA:-$root/../shared/data}
python=$cache/venv/bin/python
gridward=$target/debug/gridward
geo_tools=$target/debug/geo-tools
export PYTHONDONTWRITEBYTECODE=1
all=(scripts rust documentation postgresql dashboard browser graphql-http liechtenstein chicago generated repair formats districting schemathesis)

# What they ask is whether files agree, not when something happens.
comparing_suites=(liechtenstein chicago generated repair formats districting)
is_comparing() { [[ " ${comparing_suites[*]} " = *" $1 "* ]]; }

# What wait for servers, for clocks and for their slowest test: there is time of the processors left beside them.
waiting_suites=(rust postgresql browser)
is_waiting() { [[ " ${waiting_suites[*]} " = *" $1 "* ]]; }

# required_suites SUITE…: which suites must have run when those named were asked for: these; all where none is named or
# GRIDWARD_REQUIRE_SUITES=1, but $but, which whoever named it runs by itself. Where a data set is not there, its suite has nothing to judge; GRIDWARD_REQUIRE_DATA=1 says that
# this is a failure.
required_suites() {
    local name folder names=("$@")
    if [ $# = 0 ] || [ "${GRIDWARD_REQUIRE_SUITES:-}" = 1 ]; then names=("${all[@]}"); fi
    for name in "${names[@]}"; do
        [ "$name" != "${but:-}" ] || continue
        case $name in
            liechtenstein) folder=town-liechtenstein ;;
            chicago) folder=incidents-chicago311 ;;
            repair) folder=dirty-coverage ;;
            districting) folder=partition-providence ;;
            *) folder= ;;
        esac
        if [ -d "$data/$folder" ] || [ -z "$folder" ] || [ "${GRIDWARD_REQUIRE_DATA:-}" = 1 ]; then echo "$name"; fi
    done
}

# The dashboard first, since the binary carries it.
prepare() {
    build_dashboard || return
    say "Building the programs under test"
    # All targets, so that programs and tests share one build of every dependency.
    cargo build --locked --manifest-path "$root/Cargo.toml" --workspace --all-targets
}

leave_out() { printf 'left out: %s\n' "$*"; }

suite_scripts() { bash "$root/scripts/self_test.sh"; }

# run_rust ONLY|WITHOUT: the tests of all crates with "postgres" in their name, or all the others.
run_rust() {
    cd "$root" || return
    if command -v cargo-nextest >/dev/null; then
        local filter='test(postgres)'
        [ "$1" = ONLY ] || filter='not test(postgres)'
        cargo nextest run --locked --workspace --no-fail-fast --color never -E "$filter"
    elif [ "$1" = ONLY ]; then
        cargo test --locked --workspace --all-targets --no-fail-fast postgres
    else
        cargo test --locked --workspace --all-targets --no-fail-fast -- --skip postgres
    fi
}

suite_rust() { run_rust WITHOUT; }

suite_documentation() {
    cd "$root" && cargo test --locked --workspace --doc
}

# Apart from the others, so that a run without PostgreSQL cannot pass for one with it.
suite_postgresql() { GRIDWARD_REQUIRE_SUITES=1 run_rust ONLY; }

suite_dashboard() { cd "$root/dashboard" && npm test; }

suite_browser() {
    local chromium=${CHROMIUM:-$(command -v chromium)}
    [ -n "$chromium" ] || { leave_out 'Chromium is missing'; return; }
    cd "$root/dashboard" && CHROMIUM=$chromium GRIDWARD_BIN=$gridward npm run test:browser
}

# Starts a server on a free port in a folder of its own, and runs a command with its address and its log. Fails too where
# the server ends before it is told to, or panics.
with_server() {
    local folder port pid code=0
    folder=$(mktemp -d)
    port=$(free_port)
    PORT=$port "$gridward" demo --data-dir "$folder/data" >"$folder/log" 2>&1 &
    pid=$!
    # Where the suite is interrupted: Ctrl-C does not reach what runs behind.
    trap "kill -TERM $pid 2>/dev/null; rm -rf '$folder'" EXIT
    if node "$root/scripts/wait-ready.mjs" "http://127.0.0.1:$port/ready" 180; then
        "$@" "http://127.0.0.1:$port" "$folder/log" || code=$?
    else
        tail -n 20 "$folder/log"
        code=1
    fi
    if ! kill -TERM "$pid" 2>/dev/null; then
        echo 'The server ended by itself; the end of its log:'
        tail -n 20 "$folder/log"
        code=1
    fi
    wait "$pid"
    ! grep -a -A 5 'panicked at' "$folder/log" || code=1
    rm -rf "$folder"
    trap - EXIT
    return "$code"
}

audit() {
    local code=0
    node "$root/tests/graphql-http/audit.mjs" "$1/graphql" || code=1
    node "$root/tests/graphql-http/door.mjs" "$1/graphql" || code=1
    return "$code"
}

attack() { "$python" "$root/tests/schemathesis/attack.py" "$@"; }

# Whatever the schema allows, asked for SCHEMATHESIS_SECONDS.
suite_schemathesis() {
    "$python" -c 'import schemathesis' || { leave_out 'schemathesis is missing'; return; }
    with_server attack
}

suite_graphql_http() {
    [ -d "$root/tests/graphql-http/node_modules" ] || { leave_out 'npm could not install graphql-http'; return; }
    with_server audit
}

# Imports the real country with our commands, and lets shapely judge every household and every corner.
suite_liechtenstein() {
    local town=$data/town-liechtenstein folder code=0
    [ -d "$town" ] || { leave_out "the data set $town is not there"; return; }
    "$python" -c 'import shapely' || { leave_out 'shapely is missing'; return; }
    folder=$(mktemp -d)
    (cd "$folder" && import_liechtenstein "$town" "$folder") &&
        "$python" "$root/tests/oracle/liechtenstein.py" "$town" "$folder/households.csv" || code=1
    "$python" "$root/tests/oracle/borders.py" probes "$town/blocks.geojson.gz" "$folder/probes.csv" &&
        "$geo_tools" assign --cells "$town/blocks.geojson.gz" --cell-id block_id --points "$folder/probes.csv" \
            --id id --lon lon --lat lat --datum wgs84 -o "$folder/assigned.csv" &&
        "$python" "$root/tests/oracle/borders.py" judge "$town/blocks.geojson.gz" "$folder/probes.csv" \
            "$folder/assigned.csv" || code=1
    rm -rf "$folder"
    return "$code"
}

# Imports a real stream twice, with the enclaves declared, and lets shapely judge every incident and every row that stays out.
suite_chicago() {
    local requests=$data/incidents-chicago311 folder code=0
    [ -d "$requests" ] || { leave_out "the data set $requests is not there"; return; }
    "$python" -c 'import shapely' || { leave_out 'shapely is missing'; return; }
    folder=$(mktemp -d)
    "$python" "$root/tests/oracle/chicago.py" voids "$requests" "$folder/voids.geojson" &&
        (cd "$folder" && import_chicago "$requests" "$folder") &&
        "$python" "$root/tests/oracle/chicago.py" judge "$requests" "$folder" || code=1
    rm -rf "$folder"
    return "$code"
}

import_chicago() {
    local requests=$1 time
    export GRIDWARD_DATABASE_URL=sqlite://$2/gridward.db
    "$gridward" district create --code chicago --name Chicago --timezone America/Chicago \
        --rules "$root/tests/oracle/chicago.toml" &&
        "$gridward" import cells "$requests/community_areas.geojson" --district chicago --level area --id area_no \
            --name name --voids voids.geojson || return
    for time in 1 2; do
        "$gridward" import incidents "$requests/requests.csv.gz" --district chicago --id request_id \
            --map category=category text=request_id,address occurred_at=created closed_at=completed \
            --skip-bad "bad-$time.csv" --report "report-$time.json" 2>/dev/null &&
            "$gridward" export incidents --district chicago --format csv -o "export-$time.csv" || return
    done
}

# Asks what is wrong with a real map and repairs it, and lets GEOS say whether all of it was told, whether the result is a
# coverage and whether a clean border moved.
suite_repair() {
    local map=$data/dirty-coverage/DenverCo_precincts2020_orig.geojson.gz folder code=0
    [ -f "$map" ] || { leave_out "the data set $map is not there"; return; }
    "$python" -c 'import shapely' || { leave_out 'shapely is missing'; return; }
    folder=$(mktemp -d)
    # Nine voids that nobody declared are left: that is exit code 1.
    "$geo_tools" validate "$map" --report "$folder/told.json" 2>/dev/null
    [ $? = 1 ] || code=1
    "$geo_tools" repair "$map" -o "$folder/mended.geojson" --snap-m 1 --report "$folder/report.json" 2>/dev/null
    [ $? = 1 ] && "$python" "$root/tests/oracle/repair.py" "$map" "$folder/told.json" "$folder/mended.geojson" "$folder/report.json" || code=1
    rm -rf "$folder"
    return "$code"
}

# Writes and reads every format, and lets GDAL be the other side: odd cases, a generated town, and the real country's
# cells, roads and buildings where the data is there.
suite_formats() {
    local town=$data/town-liechtenstein folder code=0 files=()
    "$python" -c 'import pyogrio, shapely' || { leave_out 'pyogrio or shapely is missing'; return; }
    folder=$(mktemp -d)
    "$geo_tools" generate --cells 56 --preset town-cn -o "$folder/town" || code=1
    files=("$folder/town/cells.geojson" "$folder/town/townships.geojson" "$folder/town/roads.geojson")
    if [ -d "$town" ]; then
        files+=("$town/blocks.geojson.gz" "$town/municipalities.geojson" "$town/roads.geojson.gz" "$town/buildings_points.geojson.gz")
    elif [ "${GRIDWARD_REQUIRE_DATA:-}" = 1 ]; then
        leave_out "the data set $town is not there"
        return
    fi
    mkdir "$folder/out"
    "$python" "$root/tests/oracle/formats.py" "$geo_tools" "$folder/out" "${files[@]}" || code=1
    rm -rf "$folder"
    return "$code"
}

# Cuts real towns into cells, and lets shapely judge the plans.
suite_districting() {
    local name folder code=0
    for name in town-liechtenstein partition-providence partition-iowa; do
        [ -d "$data/$name" ] || { leave_out "the data set $data/$name is not there"; return; }
    done
    "$python" -c 'import shapely' || { leave_out 'shapely is missing'; return; }
    folder=$(mktemp -d)
    "$python" "$root/tests/oracle/districting.py" "$geo_tools" "$data" "$folder" || code=1
    rm -rf "$folder"
    return "$code"
}

import_liechtenstein() {
    local town=$1
    export GRIDWARD_DATABASE_URL=sqlite://$2/gridward.db
    "$gridward" district create --code li --name Liechtenstein --timezone Europe/Vaduz &&
        "$gridward" import cells "$town/municipalities.geojson" --district li --level township --id id --name name &&
        "$gridward" import cells "$town/blocks.geojson.gz" --district li --level cell --id block_id --parent municipality &&
        "$gridward" import households "$town/buildings_points.geojson.gz" --district li --id osm_id \
            --map dwellings=dwellings address=street,housenumber &&
        "$gridward" export households --district li --format csv -o "$2/households.csv"
}

# Makes a town, lets shapely judge it, and imports its files as they are.
suite_generated() {
    local folder code=0
    "$python" -c 'import shapely' || { leave_out 'shapely is missing'; return; }
    folder=$(mktemp -d)
    "$geo_tools" generate --cells 56 --preset town-cn -o "$folder/town" &&
        "$python" "$root/tests/oracle/generated.py" "$folder/town" &&
        (cd "$folder" && import_generated "$folder/town" "$folder") || code=1
    rm -rf "$folder"
    return "$code"
}

import_generated() {
    local town=$1 code=419901
    export GRIDWARD_DATABASE_URL=sqlite://$2/gridward.db
    "$gridward" district create --code "$code" --name 示例 --timezone Asia/Shanghai &&
        "$gridward" import cells "$town/townships.geojson" --district "$code" --level township --id code &&
        "$gridward" import cells "$town/communities.geojson" --district "$code" --level community --id code --parent parent &&
        "$gridward" import cells "$town/cells-before.geojson" --district "$code" --level cell --id code --parent parent &&
        "$gridward" import cells "$town/cells.geojson" --district "$code" --level cell --id code --parent parent &&
        "$gridward" import households "$town/households.csv" --district "$code" &&
        "$gridward" import basemap "$town/roads.geojson" --district "$code" &&
        "$gridward" import basemap "$town/footprints.geojson" --district "$code" &&
        "$gridward" import incidents "$town/incidents.csv" --district "$code"
}
