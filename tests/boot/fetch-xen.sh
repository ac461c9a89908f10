#!/bin/sh
# Put Debian's Xen into build/xen/xen.elf.  The package is downloaded and
# unpacked, never installed: installing it would make it the machine's boot
# loader entry.  Needs no privilege.
set -eu

package=xen-hypervisor-4.17-amd64
image=boot/xen-4.17-amd64.gz

cd "$(dirname "$0")/../.."
target=$PWD/build/xen
[ -s "$target/xen.elf" ] && exit 0

fail() {
    echo "fetch-xen: $*" >&2
    exit 1
}

mkdir -p "$target"
work=$(mktemp -d "$target/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# As root apt would download as the user _apt, who may not write here.
apt-get -q -o APT::Sandbox::User=root download "$package" >apt.log 2>&1 || {
    cat apt.log >&2
    fail "cannot download $package (no network, or 'apt-get update' never ran)"
}
dpkg-deb -x "$package"_*.deb unpacked || fail "$package is damaged"
[ -f "unpacked/$image" ] || fail "$package holds no $image"
gunzip -c "unpacked/$image" >xen.elf || fail "$image is damaged"
mv xen.elf "$target/xen.elf"
