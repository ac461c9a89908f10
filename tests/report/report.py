"""One page on what the binary interface carries and costs: `make report`.

    python3 tests/report/report.py [--outdir build/report] [--again]

Measures, then writes OUTDIR/report.json and OUTDIR/report.html.  --again makes the page anew of the
figures that are there.  Exit status 1 if a boot failed, or if something is beyond the limit and
reasons.json does not say why: the page is written all the same, and says so.
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "boot"), str(HERE.parent / "bench")]

# pylint: disable=wrong-import-position
import figures
import report_page
import verdict


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="what the binary interface carries and costs")
    parser.add_argument("--outdir", type=Path, default=figures.BUILD / "report")
    parser.add_argument(
        "--again", action="store_true", help="measure nothing: the figures that are there"
    )
    parser.add_argument(
        "--reasons",
        type=Path,
        default=HERE / "reasons.json",
        help="why something is beyond the limit",
    )
    parser.add_argument("--boots", type=int, default=3, help="boots of each kind that are counted")
    parser.add_argument("--runs", type=int, default=200, help="runs of all forms in one process")
    parser.add_argument("--processes", type=int, default=5, help="processes that time forms")
    return parser.parse_args()


def main() -> int:
    """Measure, judge, write."""
    options = parse()
    options.outdir.mkdir(parents=True, exist_ok=True)
    data = options.outdir / "report.json"
    whole = (
        json.loads(data.read_text())
        if options.again
        else figures.measure(options.boots, options.runs, options.processes)
    )
    whole["verdict"] = verdict.judge(whole, verdict.read_reasons(options.reasons))
    figures.write(whole, data)
    page = options.outdir / "report.html"
    page.write_text(report_page.page(whole))
    said = whole["verdict"]
    print(
        said["carries_whole_guest"],
        *said["costs"],
        *said["boots"],
        *said["sites"],
        page,
        data,
        sep="\n",
    )
    for fault in said["faults"]:
        print(f"report: {fault}", file=sys.stderr)
    return 1 if said["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
