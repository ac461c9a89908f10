#!/bin/sh
# Debian's kernels of Linux 6.1 and 6.12, as they boot, into a directory: stock.sh DIRECTORY.
set -eu
mkdir -p "$1"
cd "$1"

fetch() {
	name=$(apt-cache search --names-only "$2" | cut -d' ' -f1 | sort -V | tail -1)
	test -n "$name" || { echo "stock.sh: no package is called $2" >&2; exit 1; }
	test -e "vmlinuz-$1" && return
	apt-get download -qq "$name"
	dpkg-deb --fsys-tarfile "$name"_*.deb | tar -xO --wildcards './boot/vmlinuz-*' > "vmlinuz-$1.new"
	rm "$name"_*.deb
	mv "vmlinuz-$1.new" "vmlinuz-$1"
}

fetch 6.1 '^linux-image-6\.1\.0-[0-9]+-cloud-amd64$'
fetch 6.12 '^linux-image-6\.12\..*-cloud-amd64-unsigned$'
