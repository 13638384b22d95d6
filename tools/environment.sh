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

unpacked() { # FOLDER PACKAGE…: Debian packages unpacked and not installed, as they would start servers by themselves
    into=$1
    shift
    rm -rf "$into"
    mkdir -p "$into"
    for package in "$@"; do
        say "Unpacking $package…"
        [ -n "$(apt-cache show "$package" 2>/dev/null)" ] || apt-get update -qq
        (cd "$into" && apt-get download -qq "$package" 2>/dev/null && dpkg-deb -x "$package"_*.deb . && rm "$package"_*.deb) ||
            die "the Debian package $package could not be fetched"
    done
}

others() { # programs that the tests start, below the ignored .venv
    identity_providers
    if [ ! -d "$venv/servers" ]; then
        unpacked "$venv/servers.part" nginx caddy
        mv "$venv/servers.part" "$venv/servers"
    fi
}

identity_providers() { # real ones, which the tests of signing in start on the loopback; below the ignored .venv
    folder=$venv/identity-providers
    lock=tests/people/identity_providers/package-lock.json
    if [ ! -d "$folder/simplesamlphp" ]; then
        unpacked "$folder/part" simplesamlphp
        mv "$folder/part/usr/share/simplesamlphp" "$folder/simplesamlphp"
        rm -rf "$folder/part"
    fi
    if ! cmp -s "$lock" "$folder/package-lock.json"; then
        command -v npm >/dev/null || debian npm
        say "Installing oidc-provider…"
        cp tests/people/identity_providers/package.json "$lock" "$folder/"
        (cd "$folder" && npm ci --silent --no-audit --no-fund) || { rm -f "$folder/package-lock.json"; die "npm could not install oidc-provider"; }
    fi
}

others=
case $purpose in
run) extras=templates ;;
test)
    extras=templates,dev
    debian chromium fonts-noto-cjk gettext openssl php-cli php-mbstring php-xml poppler-utils postgresql procps systemd
    others=yes
    ;;
*) die "usage: environment.sh run|test" ;;
esac

stamp=$venv/.installed-$purpose
wanted=$(cat pyproject.toml constraints.txt hatch_build.py | cksum)
# The editable install points at this folder; a moved checkout needs its environment made again.
wanted="$wanted $(pwd)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    [ -z "$others" ] || others
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
[ -z "$others" ] || others
printf '%s' "$wanted" >"$stamp"
