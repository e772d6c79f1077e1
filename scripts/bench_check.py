#!/usr/bin/env python3
"""Counts the instructions of the way of a message, and holds them to benches/instructions.json.

Times say as much about the machine and its mood as about the code; the number of instructions hardly moves
with either. The cases are the ignored tests in the files called cost.rs. Each runs under valgrind's callgrind,
which counts what its thread does inside of `counted_work` (benches/count.rs): neither the kernel nor the disk.

Exit code 1 if a case costs more than its baseline allows. Fewer instructions are no failure: the better
baseline wants to be committed. A baseline made with another compiler, libc, valgrind or kind of processor says nothing
about the code, so differences from it are shown and not judged: exit code 0.

Needs Python 3.9, cargo and valgrind.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "instructions.json"
UPDATE = "scripts/bench_check.py --update"
PACKAGES = ["rim-protocol", "rim-store-sqlite", "rim-server"]

# How much more a case may cost than its baseline, in percent. Repeated, and with changes elsewhere in the code,
# the counts agree to 0.02 %: what is left to the seeds of hash maps and to where memory lies.
TOLERANCE = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Counts the instructions of the way of a message.")
    parser.add_argument("--update", action="store_true", help="writes the baseline instead of comparing with it")
    update = parser.parse_args().update

    if shutil.which("valgrind") is None:
        return complain("valgrind is missing, which does the counting: install your system's package `valgrind`")
    if not update and not BASELINE.exists():
        return complain(f"there is no baseline to compare with: {UPDATE} writes one")
    try:
        found = {"made with": toolchain(), "instructions": count_all()}
    except subprocess.CalledProcessError as error:
        return complain(f"`{' '.join(map(str, error.cmd))}` failed\n{error.stderr or ''}")
    if not update:
        return compare(found, json.loads(BASELINE.read_text(encoding="utf-8")))
    BASELINE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"{BASELINE.relative_to(ROOT)} is written: {len(found['instructions'])} cases")
    return 0


def toolchain() -> dict:
    """What else than the code the counts depend on."""
    return {
        "architecture": platform.machine(),
        "rustc": output(["rustc", "--version"]).strip().removeprefix("rustc "),
        "libc": " ".join(platform.libc_ver()),
        "valgrind": output(["valgrind", "--version"]).strip().removeprefix("valgrind-"),
    }


def count_all() -> dict:
    """The instructions of one operation, by case."""
    binary_of = dict(binaries())
    cases = [case for package in PACKAGES for case in cases_of(package, binary_of[package])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(pool.map(count, cases))


def binaries():
    """The library tests of each package, built as a release is."""
    command = ["cargo", "test", "--release", "--lib", "--no-run", "--message-format=json"]
    for package in PACKAGES:
        command += ["--package", package]
    # As the release profile has it: without, code is cut into other units, which moves some counts by 2 %.
    incremental = {**os.environ, "CARGO_INCREMENTAL": "1"}
    for line in output(command, incremental).splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["executable"] and message["profile"]["test"]:
            yield message["target"]["name"].replace("_", "-"), message["executable"]


def cases_of(package: str, binary: str):
    for line in output([binary, "--list", "--ignored", "--format=terse"]).splitlines():
        test = line.removesuffix(": test")
        if "cost" in test.split("::"):
            yield package, binary, test


def count(case) -> tuple:
    package, binary, test = case
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    valgrind += ["--collect-atstart=no", "--toggle-collect=*counted_work*"]
    command = valgrind + [binary, test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]
    run = subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True)
    operations = int(re.search(r"operations: (\d+)", run.stdout)[1])
    collected = int(re.search(r"Collected : (\d+)", run.stderr)[1])
    name = test.rsplit("::", 1)[1].replace("_", " ")
    return f"{package}: {name}", round(collected / operations, 1)


def compare(found: dict, baseline: dict) -> int:
    """Shows what was found beside the baseline, and judges it."""
    counts, expected = found["instructions"], baseline["instructions"]
    difference = {case: (counts[case] / expected[case] - 1) * 100 for case in counts if case in expected}
    width = max(map(len, counts))
    print(f"{'instructions of one operation':{width}}  {'now':>9}  {'baseline':>9}  difference")
    for case, now in counts.items():
        if case in expected:
            print(f"{case:{width}}  {now:>9,.1f}  {expected[case]:>9,.1f}  {difference[case]:>+8.2f} %")
        else:
            print(f"{case:{width}}  {now:>9,.1f}  {'none':>9}")

    others = [
        f"{what} {baseline['made with'].get(what)}, here {version}"
        for what, version in found["made with"].items()
        if version != baseline["made with"].get(what)
    ]
    if others:
        print(f"not judged, as the baseline was made with another toolchain: {'; '.join(others)}")
        return 0
    worse = [case for case in difference if difference[case] > TOLERANCE]
    better = [case for case in difference if difference[case] < -TOLERANCE]
    one_sided = sorted(counts.keys() ^ expected.keys())
    if better:
        print(f"better by more than {TOLERANCE} %: {', '.join(better)}. To keep it so, commit what {UPDATE} writes")
    if one_sided:
        complain(f"either here or in the baseline, but not in both: {', '.join(one_sided)}. {UPDATE} writes all")
    if worse:
        complain(f"worse by more than {TOLERANCE} %: {', '.join(worse)}. If it is worth it, commit what {UPDATE} writes")
    return 1 if worse or one_sided else 0


def output(command: list, environment: "dict | None" = None) -> str:
    run = subprocess.run(command, cwd=ROOT, env=environment, check=True, text=True, stdout=subprocess.PIPE)
    return run.stdout


def complain(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
