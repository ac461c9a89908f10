#!/bin/sh
# Unpack Debian's source of Linux 6.1 as $1/hand.  The package is downloaded,
# never installed; one that is in $1 already is taken instead.  Needs no privilege.
set -eu

package=linux-source-6.1
archive=./usr/src/$package.tar.xz
target=$1
[ -d "$target/hand" ] && exit 0

fail() {
    echo "fetch: $*" >&2
    exit 1
}

mkdir -p "$target"
work=$(mktemp -d "$target/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# As root apt would download as the user _apt, who may not write here.
ls ../"$package"_*.deb >/dev/null 2>&1 ||
    (cd .. && apt-get -q -o APT::Sandbox::User=root download "$package") >apt.log 2>&1 || {
    cat apt.log >&2
    fail "cannot download $package (no network, or 'apt-get update' never ran)"
}

# One that was left from an older run is no newer than the others.
deb=$(ls -t ../"$package"_*.deb | head -n 1)
dpkg-deb --fsys-tarfile "$deb" | tar -xO "$archive" >source.tar.xz || fail "$deb holds no $archive"
tar -xf source.tar.xz || fail "$archive in $deb is damaged"
[ -f "$package/Kbuild" ] || fail "$archive holds no $package/Kbuild"
mv "$package" ../hand
