"""One page on VMI 3.0, both halves: `make report` or `make report-vmi`.

    python3 tests/report/vmi_report.py [--outdir build/report] [--again]

Boots, then writes OUTDIR/vmi.json and OUTDIR/vmi.html.  --again makes the page anew of the figures
that are there.  Exit status 1 if a boot failed, a call that must be made was not, or a changed ROM
did not come out as expected: the page is written all the same, and says so.
"""

import argparse
import json
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ("boot", "bench", "rom")]

# pylint: disable=wrong-import-position
import figures
import vmi_figures
import vmi_page
import vmi_verdict


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="what ROMs of VMI carry")
    parser.add_argument("--outdir", type=Path, default=figures.BUILD / "report")
    parser.add_argument(
        "--again", action="store_true", help="boot nothing: the figures that are there"
    )
    return parser.parse_args()


def main() -> int:
    """Boot, judge, write."""
    options = parse()
    options.outdir.mkdir(parents=True, exist_ok=True)
    data = options.outdir / "vmi.json"
    whole = json.loads(data.read_text()) if options.again else vmi_figures.measure()
    whole["verdict"] = vmi_verdict.judge(whole)
    figures.write(whole, data)
    page = options.outdir / "vmi.html"
    page.write_text(vmi_page.page(whole))
    print(*whole["verdict"]["answers"], page, data, sep="\n")
    for fault in whole["verdict"]["faults"]:
        print(f"report: {fault}", file=sys.stderr)
    return 1 if whole["verdict"]["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
