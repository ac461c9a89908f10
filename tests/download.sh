#!/bin/sh
# download.sh SUITE PATTERN [MEMBER...]: a Debian package, and the members that are asked for.
#
# Takes the highest version of the packages of a suite (bookworm, bookworm-backports, ...) whose
# whole name matches an extended regular expression, and prints where it is: the package, or the
# folder with its members (patterns of tar, like ./boot/vmlinuz-*).  Both stay below
# build/packages.  Nothing is installed; needs no privilege.
#
# apt does it, with its keys and checksums.  A suite that it is not configured for is looked for
# where its other suites of Debian are, in lists of its own, fetched once a day.
set -eu

suite=$1 pattern=$2
shift 2

fail() {
    echo "download: $*" >&2
    exit 1
}

cache=$(realpath "$(dirname "$0")/..")/build/packages
mkdir -p "$cache/$suite"
exec 9>"$cache/lock"
flock 9

work=$(mktemp -d "$cache/$suite/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
lists=$cache/$suite/apt
config=/dev/null

targets() {
    apt-get -c "$config" indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian'
}

# A release has updates and what is added for security; another suite has neither.
write_sources() {
    targets '$(LABEL) $(REPO_URI)' | sort -u | while read -r label uri; do
        case $suite,$label in
        *-*,Debian) set -- "$suite" ;;
        *-*,*) set -- ;;
        *,Debian-Security) set -- "$suite-security" ;;
        *) set -- "$suite" "$suite-updates" ;;
        esac
        for part; do
            echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $part main"
        done
    done
}

update_lists() {
    mkdir -p "$lists/state/lists/partial" "$lists/cache/archives/partial"
    write_sources >"$lists/sources.list"
    : >"$lists/status"
    cat >"$work/apt.conf" <<-END
	Dir::State "$lists/state";
	Dir::State::status "$lists/status";
	Dir::Cache "$lists/cache";
	Dir::Etc::sourcelist "$lists/sources.list";
	Dir::Etc::sourceparts "/dev/null";
	APT::Sandbox::User "root";
	END
    apt-get -q -c "$work/apt.conf" -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 &&
        mv "$work/apt.conf" "$lists"
}

# Lists of yesterday name packages that are gone, but without a network they are better than none.
if ! targets '$(RELEASE)' | grep -qxF "$suite"; then
    [ -n "$(find "$lists/apt.conf" -mtime -1 2>/dev/null)" ] || update_lists ||
        [ -f "$lists/apt.conf" ] || {
        cat "$work/log" >&2
        fail "cannot fetch the lists of $suite"
    }
    config=$lists/apt.conf
fi

# "name | version | where suite/component ..." of each, the highest last.
names=$(apt-cache -c "$config" pkgnames | grep -xE "$pattern") ||
    fail "no package of $suite matches $pattern (did 'apt-get update' run?)"
highest=$(apt-cache -c "$config" madison $names |
    awk -v suite="$suite" '$6 ~ "^" suite "(-security|-updates)?/" { print $1 "=" $3 }' |
    sort -V | tail -n 1)
[ -n "$highest" ] || fail "no package of $suite matches $pattern"

deb=$cache/$suite/$(echo "$highest" | tr = _).deb
if ! [ -f "$deb" ]; then
    # As root apt would download as the user _apt, who may not write here.
    (cd "$work" && apt-get -q -c "$config" -o APT::Sandbox::User=root download "$highest") \
        >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "cannot download $highest (no network, or 'apt-get update' is long ago)"
    }
    mv "$work"/*.deb "$deb"
fi
[ $# -gt 0 ] || {
    echo "$deb"
    exit
}

# Each request has a folder of its own, so that nobody's is changed while it is read.
folder=${deb%.deb}/$(echo "$*" | sha256sum | cut -c 1-8)
if ! [ -d "$folder" ]; then
    mkdir -p "${deb%.deb}" "$work/members"
    dpkg-deb --fsys-tarfile "$deb" | tar -xC "$work/members" --wildcards "$@" ||
        fail "$deb is damaged or holds no $*"
    mv "$work/members" "$folder"
fi
echo "$folder"
