#!/bin/sh
# Makes .venv from pinned versions: `environment.sh run` for using AISC, `environment.sh test` for working on it.
# Does nothing when what it would install is there already.
set -eu
purpose=$1
venv=.venv

say() { printf '%s\n' "$*" >&2; }
die() { say "aisc: $*"; exit 6; }
root() { [ "$(id -u)" = 0 ]; }

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or later is needed ('$PYTHON' is not). Name another with: make PYTHON=/path/to/python3 run"

debian() { # install Debian packages that are missing
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || die "these programs are needed:$missing"
    root || die "these Debian packages are needed; install them as root: apt-get install$missing"
    say "Installing Debian packages:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}

case $purpose in
run) extras=templates ;;
test)
    extras=templates,dev
    debian chromium fonts-noto-cjk gettext poppler-utils postgresql procps
    ;;
*) die "usage: environment.sh run|test" ;;
esac

stamp=$venv/.installed-$purpose
wanted=$(cat pyproject.toml constraints.txt hatch_build.py | cksum)
# The editable install points at this folder; a moved checkout needs its environment made again.
wanted="$wanted $(pwd)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c '' 2>/dev/null || ! grep -qF "$(pwd)" "$venv/pyvenv.cfg"; then
    "$PYTHON" -c 'import ensurepip' 2>/dev/null || debian python3-venv
    say "Making the Python environment in $venv…"
    rm -rf "$venv"
    "$PYTHON" -m venv "$venv"
fi
say "Installing pinned Python packages (about a minute the first time)…"
PIP_CONSTRAINT=constraints.txt "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-warn-script-location \
    -e ".[$extras]" 2>"$venv/pip.log" || { cat "$venv/pip.log" >&2; die "the packages could not be installed; see above"; }
printf '%s' "$wanted" >"$stamp"
