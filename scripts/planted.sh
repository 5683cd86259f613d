#!/usr/bin/env bash
# `make planted`: plants each bug of tests/planted-bugs and shows that the tests turn red for it, by a test that fails and not
# by code that does not compile.
#
#   scripts/planted.sh            all of them; what is to turn red is first seen green without
#   scripts/planted.sh NAME…      these
#   scripts/planted.sh --three    three that follow from the commit: what CI runs, where every suite was green just before
#   scripts/planted.sh --check    only that each says what turns red, changes the product alone, and still applies
#
# A patch begins with a sentence that says what it breaks, and with the command that must fail then, in which words before
# `cargo` set variables; `# builds: gridward` says that the test starts the program:
#
#   # A change overwrites whatever came in between.
#   # red: FAULT_RACES=20 cargo test -p tests --test gridward faults::retries::sqlite::of_those
#
# Nothing is planted here: each package that is tested has a copy of this tree below target/planted, with a target folder of
# its own that took over the compiled dependencies. Only what differs is written there, so the next run compiles little; what
# a run that was broken off left planted, the next one takes back.
set -euo pipefail
source "$(dirname "$0")/tools.sh"
cd "$root"

patches=$root/tests/planted-bugs
beds=$target/planted
ours='api domain geo-tools geo_tools migrations tests'
# A test that hangs has not said anything.
longest_s=300

mapfile -t all < <(cd "$patches" && ls -- *.patch | sed 's/\.patch$//')

# What stands behind "# KEY: " before the diff.
header() { sed -n "/^diff /q; s/^# $2: //p" "$patches/$1.patch"; }

says() { sed -n '1s/^# //p' "$patches/$1.patch"; }

# The package that a patch's tests are of: after its name the bed is called.
package() { header "$1" red | sed -E 's/.* -p ([a-z-]+) .*/\1/'; }

# Prints what is wrong with a patch, if anything.
wrong() {
    local path names
    [ -f "$patches/$1.patch" ] || { echo "$1: there is no $patches/$1.patch"; return; }
    [ -n "$(says "$1")" ] || echo "$1: its first line must say, behind \"# \", what it breaks"
    header "$1" red | grep -qE '^([A-Z_]+=[^ ]+ )*cargo test -p [a-z-]+ [^;&|$`]+$' && [ "$(header "$1" red | wc -l)" = 1 ] ||
        echo "$1: one line must be \"# red: cargo test -p PACKAGE … FILTER\""
    header "$1" builds | grep -vx gridward | sed "s/^/$1: what can be built besides is gridward, not: /"
    names=$(sed -n 's|^+++ b/||p' "$patches/$1.patch")
    [ -n "$names" ] || echo "$1: it changes nothing"
    for path in $names; do
        [[ $path =~ ^(api|domain|geo-tools|migrations)/src/ ]] || echo "$1: it changes $path; a planted bug changes the product alone"
    done
    git apply --check "$patches/$1.patch" 2>&1 | sed "s/^/$1: does not apply: /"
}

# Three of them, far from each other in the list, which another commit's three follow.
three() {
    local count=${#all[@]} first at
    first=$((16#$(git rev-parse --short=7 HEAD | cut -c 1-7) % count))
    for at in 0 1 2; do echo "${all[(first + at * count / 3) % count]}"; done
}

# Everything that git knows of this tree or would take in, as a tree of git's own: of the index nothing is changed.
state_of_this_tree() {
    local index=$beds/index
    rm -f "$index"
    GIT_INDEX_FILE=$index git add --all . && GIT_INDEX_FILE=$index git write-tree
}

# in_bed BED COMMAND…: git, for the copy in a bed; run there.
in_bed() {
    local bed=$1
    shift
    (cd "$bed/tree" && GIT_INDEX_FILE=$bed/index git --git-dir="$git_dir" --work-tree="$bed/tree" "$@")
}

# Makes a bed, or brings one up to date. Dependencies are taken over as links: nobody writes to them.
make_bed() {
    local bed=$1 from=$target/debug to=$1/target/debug name stamp
    stamp=$(rustc --version && cat Cargo.lock Cargo.toml | cksum)
    [ "$(cat "$bed/stamp" 2>/dev/null)" = "$stamp" ] || rm -rf "$bed"
    mkdir -p "$bed/tree"
    in_bed "$bed" read-tree --reset -u "$state" && in_bed "$bed" clean --force --quiet -d || return
    rm -rf "$bed/tree/dashboard/dist"
    [ ! -d dashboard/dist ] || cp -a dashboard/dist "$bed/tree/dashboard/dist"
    if [ ! -d "$to" ] && [ -d "$from/.fingerprint" ]; then
        mkdir -p "$to/deps"
        cp -a "$from/.fingerprint" "$to" && cp -al "$from/build" "$to" || return
        find "$from/deps" -maxdepth 1 -name 'lib*' ! -name '*.d' -print0 | xargs -0 cp -al -t "$to/deps" || return
        for name in $ours; do rm -rf "$to/.fingerprint/$name-"* "$to/deps/lib$name-"*; done
    fi
    printf '%s\n' "$stamp" >"$bed/stamp"
}

# run_tests NAME BED LOG: builds what a patch names and runs it; the exit code of cargo, or 90 where it does not build.
run_tests() {
    local name=$1 bed=$2 red builds words
    red=$(header "$name" red) builds=$(header "$name" builds)
    (
        cd "$bed/tree" || exit 90
        unset GRIDWARD_REQUIRE_SUITES GRIDWARD_REQUIRE_DATA
        export CARGO_TARGET_DIR=$bed/target CARGO_INCREMENTAL=1 INSTA_UPDATE=no GRIDWARD_DATA=$data
        # Words and no more: nothing in a patch is run but cargo.
        [ -z "$builds" ] || cargo build --locked -p api -p tests --bin gridward --test gridward || exit 90
        read -ra words <<<"${red/cargo test /cargo test --locked --no-run }"
        env "${words[@]}" || exit 90
        read -ra words <<<"${red/cargo test /cargo test --locked }"
        timeout "$longest_s" env "${words[@]}"
    ) >"$3" 2>&1
}

# Says what came of a patch, and fails unless a test failed.
judge() {
    local name=$1 code=$2 log=$3 what failed
    failed=$(sed -nE 's/^test (.*) \.\.\. FAILED$/\1/p' "$log" | sort -u)
    case $code in
        0) what='stays green' ;;
        90) what='does not compile' ;;
        124) what="does not end within $longest_s s" ;;
        *) what='ends without a verdict of a test' ;;
    esac
    if [ -n "$failed" ] && [ "$code" = 101 ]; then
        head -n 3 <<<"$failed" | sed 's/^/red: /'
        return 0
    fi
    tail -n 40 "$log"
    echo "NOT RED: $name $what"
    return 1
}

# Whether what is to turn red is green without the bug, by a test that ran.
is_green() {
    local name=$1 bed=$2 log=$3
    if run_tests "$name" "$bed" "$log" && grep -qE '^test result: ok\. [1-9]' "$log"; then return; fi
    tail -n 40 "$log"
    echo "NOT GREEN without $name: $(header "$name" red)"
    return 1
}

plant() {
    local name=$1 bed=$2 log=$3 code=0 begun=$SECONDS
    say "$name: $(says "$name")"
    in_bed "$bed" apply "$patches/$name.patch" || { echo "NOT RED: $name does not apply"; return 1; }
    run_tests "$name" "$bed" "$log" || code=$?
    in_bed "$bed" apply --reverse "$patches/$name.patch"
    judge "$name" "$code" "$log" || return
    echo "in $((SECONDS - begun)) s"
}

case ${1:-} in
    --check)
        complaints=$(for name in "${all[@]}"; do wrong "$name"; done)
        [ -z "$complaints" ] || stop "$complaints"
        echo "${#all[@]} planted bugs, each with a test to turn red"
        exit
        ;;
    --three)
        known_green=yes
        mapfile -t wanted < <(three)
        ;;
    *)
        known_green=no
        wanted=("$@")
        [ $# -gt 0 ] || wanted=("${all[@]}")
        ;;
esac

complaints=$(for name in "${wanted[@]}"; do wrong "$name"; done)
[ -z "$complaints" ] || stop "$complaints"
say "To plant (again: scripts/planted.sh ${wanted[*]})"
need_rust
[ -d dashboard/dist ] || build_dashboard
mkdir -p "$beds"
exec {lock}>"$beds/lock"
flock --nonblock "$lock" || stop "Another run plants in $beds."
data=$(realpath -m "${GRIDWARD_DATA:-$root/../shared/data}")
git_dir=$(git rev-parse --absolute-git-dir)
state=$(state_of_this_tree)
log=$beds/log
bad=()
for package in $(for name in "${wanted[@]}"; do package "$name"; done | sort -u); do
    bed=$beds/$package
    make_bed "$bed" || stop "There is no copy to plant in: see above."
    here=()
    for name in "${wanted[@]}"; do [ "$(package "$name")" != "$package" ] || here+=("$name"); done
    seen=
    for name in "${here[@]}"; do
        red=$(header "$name" red)
        [ "$known_green" = no ] && [[ $seen != *"|$red|"* ]] || continue
        say "Green without the bug: $red"
        is_green "$name" "$bed" "$log" || bad+=("$name")
        seen+="|$red|"
    done
    for name in "${here[@]}"; do plant "$name" "$bed" "$log" || bad+=("$name"); done
done
[ ${#bad[@]} = 0 ] || stop "Of ${#wanted[@]} planted bugs these turn no test red, or what they turn red was so before: ${bad[*]}"
say "${#wanted[@]} planted bugs, each turned a test red, in $SECONDS s"
