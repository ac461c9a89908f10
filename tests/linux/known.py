"""What is known to be wrong with the hand-written ops of Linux is found in its kernels.

known.py KERNEL...: vmlinux of Linux 6.1, or what Debian boots of 6.1 and 6.12; exit status 1 if
something known is not found in one.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IDL = sorted(str(p) for p in (ROOT / "idl/linux").glob("*.pvi"))

# Each fault, its ops, its backends.
KNOWN = {
    # Whole groups are copied out of tables that have nothing for these.
    ("null-slot", "mmu.notify_page_enc_status_changed", "xen_pv"),
    ("null-slot", "mmu.alloc_p4d", "xen_pv"),
    ("null-slot", "mmu.release_p4d", "xen_pv"),
    ("null-slot", "mmu.set_pgd", "xen_pv"),
    # Declared with long, implemented with int.
    ("slot-signature", "lock.vcpu_is_preempted", "xen_pv"),
    ("slot-signature", "lock.vcpu_is_preempted", "xen_hvm"),
    ("slot-signature", "lock.vcpu_is_preempted", "hyperv_guest"),
    # Functions that do nothing, which the patcher does not know.
    ("kept-call", "cpu.io_delay", "kvm_guest"),
    ("kept-call", "cpu.io_delay", "xen_pv"),
}
# Of records that only the older ones have: the word for registers.
OLD_RECORDS = "Linux 5.13 to 6.7"
FINDING = re.compile(r"op '([\w.]+)' in backend '(\w+)'.* \[([a-z-]+)\]$", re.MULTILINE)


def check(kernel: str) -> bool:
    """Is all there?  Says what is not, and what else is."""
    options = ["--max-errors=0", "-Wno-patcher-reaches"]
    command = [ROOT / "build/pvgen", "verify", *options, kernel, *IDL]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {(name, op, backend) for op, backend, name in FINDING.findall(result.stderr)}
    missing = KNOWN - found
    words = "[record-bytes]" in result.stderr
    good = not missing and words == (OLD_RECORDS in result.stdout)
    print(result.stdout + re.sub(r"^ .*\n", "", result.stderr, flags=re.MULTILINE), end="")
    n = len(KNOWN) - len(missing)
    print(f"{kernel}: {n} of {len(KNOWN)} known faults found", *sorted(missing))
    return good


if __name__ == "__main__":
    sys.exit(0 if all([check(kernel) for kernel in sys.argv[1:]]) else 1)
