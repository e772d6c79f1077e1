#!/usr/bin/env python3
"""Measures one, two and three nodes on one PostgreSQL, and prints the table of docs/cluster.md.

    python3 scripts/bench_cluster.py [--bus nats|postgres] [--seconds 6] [--runs 3] [--nodes 1,2,3]

PostgreSQL syncs every commit to the disk. Nodes, PostgreSQL and NATS share the first core and the bench has the
second, so what is measured is the CPU that a message costs each of them, and not how fast three machines are. The
connections of a chat's two people go to different nodes where there are several. Needs `make bench`'s build
(cargo build --profile dist --bin rim --bin rim-bench), Python 3.9, and half an hour at most.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "dist"

DURABLE = ["fsync=on", "full_page_writes=on", "shared_buffers=512MB", "max_wal_size=4GB"]

# Name, arguments of rim-bench, and what is taken from its report.
SCENARIOS = [
    ("50 chats, 16 in flight", ["chats", "--chats", "50", "--in-flight", "16"]),
    ("50 chats, 1 in flight", ["chats", "--chats", "50", "--in-flight", "1"]),
    ("2,000 messages a second", ["rate", "--rate", "2000"]),
]
FIGURES = [
    ("acknowledged", "acknowledged a second"),
    ("server CPU a message", "rim, CPU a message"),
    ("postgres CPU a message", "PostgreSQL, CPU a message"),
    ("nats CPU a message", "NATS, CPU a message"),
    ("send to Ack, p50", "send to Ack, p50"),
    ("send to Ack, p99", "send to Ack, p99"),
    ("send to delivery, p50", "send to delivery, p50"),
    ("send to delivery, p99", "send to delivery, p99"),
    ("due to Ack, p50", "due to Ack, p50"),
    ("due to Ack, p99", "due to Ack, p99"),
    ("due to delivery, p50", "due to delivery, p50"),
    ("due to delivery, p99", "due to delivery, p99"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bus", choices=["nats", "postgres"], default="nats")
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--nodes", default="1,2,3")
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.nodes.split(",")]

    measured = {}
    for _ in range(arguments.runs):
        for count in counts:
            with cluster(count, arguments.bus) as subject:
                for name, scenario in SCENARIOS:
                    report = bench(subject, scenario + ["--seconds", str(arguments.seconds)])
                    measured.setdefault((name, count), []).append(report)
    for name, _ in SCENARIOS:
        print(table(name, counts, measured))


@contextlib.contextmanager
def cluster(count, bus):
    """So many nodes on servers of their own; gives the arguments that tell rim-bench where they are."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(service("postgres", [part for option in DURABLE for part in ("-c", option)]))
        beside = [f"postgres={postgres['pid']}"]
        settings = ["--database", postgres["url"], "--bus", "postgres"]
        if bus == "nats":
            nats = stack.enter_context(service("nats", []))
            beside.append(f"nats={nats['pid']}")
            settings[-1] = nats["url"]
        nodes = [stack.enter_context(node(number, settings)) for number in range(count)]
        yield [
            "--url", ",".join(url for url, _ in nodes),
            "--pid", ",".join(str(pid) for _, pid in nodes),
            "--beside", ",".join(beside),
        ]


@contextlib.contextmanager
def service(name, arguments):
    command = [sys.executable, ROOT / "scripts" / "services.py", "serve", name, *arguments]
    # Those who are measured share a core, which children inherit.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          preexec_fn=on_the_first_core) as process:
        print("start", file=process.stdin, flush=True)
        answer = json.loads(process.stdout.readline())
        yield {**answer, "pid": process.pid}
        process.stdin.close()


@contextlib.contextmanager
def node(number, settings):
    with tempfile.TemporaryDirectory() as data:
        command = [BUILT / "rim", "serve", "--limits", "off", "--listen", "127.0.0.1:0", "--ws-listen", "off",
                   "--data", data, "--node-name", f"node{number}", *settings]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              preexec_fn=on_the_first_core) as process:
            said = (line.split() for line in process.stdout)
            url = next(words[1] for words in said if words and words[0] == "open")
            yield url, process.pid
            process.terminate()


def on_the_first_core():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def bench(subject, scenario):
    command = [BUILT / "rim-bench", "--json", *subject, *scenario]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    report = json.loads(done.stdout)
    if done.returncode:
        sys.exit(f"something was lost, doubled or out of order: {done.stdout}")
    return report


def table(name, counts, measured):
    lines = [f"| {name} | " + " | ".join(f"{count} node{'s'[:count > 1]}" for count in counts) + " |"]
    lines.append("|---|" + "---:|" * len(counts))
    for figure, title in FIGURES:
        cells = [median(measured[name, count], figure) for count in counts]
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def median(reports, name):
    found = [figure for report in reports for figure in report["figures"] if figure["name"] == name]
    if not found:
        return ""
    return shown(statistics.median(figure["value"] for figure in found), found[0]["unit"])


def shown(value, unit):
    return {
        "per_second": f"{value:,.0f}",
        "microseconds": f"{value:.1f} µs",
        "milliseconds": f"{value:.1f} ms",
    }.get(unit, f"{value:.3g} {unit}")


if __name__ == "__main__":
    main()
