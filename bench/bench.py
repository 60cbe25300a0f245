#!/usr/bin/env python3
"""Measures Viva, beside llama-server where that was built, and prints a table.

usage: bench.py --viva ./viva --target DIR [--only start,gateway,…] [--rounds 5] [--scale 1.0]

Figures are medians; the two sides of a row alternate within one run. On a shared machine compare ratios, not figures.
The table and every single run are written to DIR/bench/results.json as well.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import random_gguf
import rows
from rig import Failed


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viva", required=True, type=Path, help="the viva binary")
    parser.add_argument("--target", required=True, type=Path, help="cargo's target folder; results go to its bench/")
    parser.add_argument("--examples", type=Path, help="the Rust measurements; TARGET/release/examples if absent")
    parser.add_argument("--llama", type=Path, help="llama-server; TARGET/peers/bin/llama-server if absent")
    parser.add_argument("--only", default="", help=f"rows: {', '.join(row.__name__ for row in rows.ALL)}")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each side, of which the median is shown")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the counts of sessions and completions")
    return parser.parse_args()


def machine():
    """What it was measured on."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    flags = {word for line in text.splitlines() if line.startswith("flags") for word in line.split()}
    return {
        "processor": names[0] if names else platform.machine(),
        "cores": os.cpu_count(),
        "avx2": "avx2" in flags,
        "avx512": "avx512f" in flags,
        "load_average": os.getloadavg()[0],
    }


def version(program):
    done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=30)
    return (done.stdout + done.stderr).strip().splitlines()[0] if done.returncode == 0 else "unknown"


def table(measured):
    met = {True: "yes", False: "NO", None: "-"}
    lines = [("row", "aim", "Viva", "llama-server", "ratio", "met")]
    lines += [(row.row, row.aim, row.viva, row.peer, f"{row.ratio:.2f}" if row.ratio else "-", met[row.met])
              for row in measured]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def main():
    asked = arguments()
    # `./viva` as a Path is `viva`, which would be looked for on the PATH.
    asked.viva = asked.viva.absolute()
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = asked.target.resolve() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    llama = asked.llama or asked.target / "peers/bin/llama-server"
    only = {name for name in asked.only.split(",") if name}
    unknown = only - {row.__name__ for row in rows.ALL}
    if unknown:
        sys.exit(f"there is no row {', '.join(sorted(unknown))}")
    about = machine()
    print(f"{about['processor']}, {about['cores']} cores, load average {about['load_average']:.1f}", flush=True)
    if about["load_average"] > 0.5 * about["cores"]:
        print("The machine is busy: figures will be off, and ratios noisy.", flush=True)
    if not llama.exists():
        print("llama-server is not there to compare with: `make bench-peers` builds it.", flush=True)
    work = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    bench = rows.Bench(
        viva=asked.viva, examples=asked.examples or asked.target / "release/examples",
        llama=llama.resolve() if llama.exists() else None, model=random_gguf.ensure(folder / "random-135m.gguf"),
        work=work, rounds=asked.rounds, scale=asked.scale)
    measured, failed = [], {}
    try:
        for measure in rows.ALL:
            if only and measure.__name__ not in only:
                continue
            print(f"{measure.__name__}: {measure.__doc__}", flush=True)
            try:
                measured += measure(bench)
            except Failed as error:
                failed[measure.__name__] = str(error)
            except Exception:  # One row's fault is no reason to lose the others.
                failed[measure.__name__] = traceback.format_exc()
            if measure.__name__ in failed:
                print(f"  not measured: {failed[measure.__name__]}", flush=True)
    finally:
        results = {"machine": about, "viva": version(asked.viva),
                   "llama_server": version(llama) if llama.exists() else None,
                   "rows": [row.as_json() for row in measured], "not_measured": failed}
        (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        shutil.rmtree(work, ignore_errors=True)
    print(f"\n{table(measured)}\n\nEvery run: {folder / 'results.json'}")
    for name, why in failed.items():
        print(f"not measured: {name}: {why.splitlines()[-1]}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
