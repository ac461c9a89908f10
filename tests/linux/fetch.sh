#!/bin/sh
# Unpack Debian's source of Linux 6.1 as $1/hand.  Needs no privilege.
set -eu

package=linux-source-6.1
archive=./usr/src/$package.tar.xz
target=$1
[ -d "$target/hand" ] && exit 0

fail() {
    echo "fetch: $*" >&2
    exit 1
}

deb=$(sh "$(dirname "$0")/../download.sh" bookworm "$package")
mkdir -p "$target"
work=$(mktemp -d "$target/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

dpkg-deb --fsys-tarfile "$deb" | tar -xO "$archive" >source.tar.xz || fail "$deb holds no $archive"
tar -xf source.tar.xz || fail "$archive in $deb is damaged"
[ -f "$package/Kbuild" ] || fail "$archive holds no $package/Kbuild"
mv "$package" ../hand
