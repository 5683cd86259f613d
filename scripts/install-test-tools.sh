#!/usr/bin/env bash
# Installs what the tests need beside Rust, Node and a C compiler: PostgreSQL, Redis, Chromium with a CJK font, Python with
# shapely, pyogrio and schemathesis. On Debian as root by apt; elsewhere one line says what is missing. Prints nothing where all is there.
set -euo pipefail
source "$(dirname "$0")/tools.sh"

missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v chromium >/dev/null || missing+=(chromium)
if command -v fc-list >/dev/null; then
    [ -n "$(fc-list :lang=zh-cn)" ] || missing+=(fonts-noto-cjk)
else
    missing+=(fontconfig fonts-noto-cjk)
fi
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "Installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    else
        stop "The tests also need: ${missing[*]} (names of Debian packages; as root on Debian they are installed here)."
    fi
fi

wanted=$root/tests/oracle/requirements.txt
venv=$cache/venv
if ! cmp -s "$wanted" "$venv/requirements.txt"; then
    say "Installing the Python packages of the tests into $venv"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$venv/requirements.txt"
fi
(cd "$root/tests/graphql-http" && { cmp -s package-lock.json node_modules/.gridward-lock || {
    say "Installing the GraphQL over HTTP audit"
    npm ci --no-audit --no-fund
    cp package-lock.json node_modules/.gridward-lock
}; })
