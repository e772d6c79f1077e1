#!/usr/bin/env python3
"""Keeps the walls of the house (see ARCHITECTURE.md): who may import whom, and who may speak what.

The rules are the tables below; the rest only carries them out. Needs Python 3.9 and cargo, no network,
and less than a second.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Which of our crates may depend on which; tests and benches may use more.
MAY_USE = {
    "rim-protocol": set(),
    "rim-core": set(),
    "rim-media": set(),
    "rim-store": {"rim-core"},
    "rim-bus-nats": {"rim-core"},
    "rim-store-postgres": {"rim-core", "rim-store"},
    "rim-store-sqlite": {"rim-core", "rim-store"},
    "rim-client": {"rim-protocol"},
    "rim-testbed": set(),
    "rim-fuzz": {"rim-protocol", "rim-core", "rim-media"},
    "rim-bench": {"rim-protocol", "rim-client", "rim-core", "rim-store", "rim-store-sqlite", "rim-store-postgres"},
    "rim-server": {"rim-protocol", "rim-core", "rim-media", "rim-store", "rim-store-sqlite", "rim-store-postgres", "rim-bus-nats"},
}
TESTS_MAY_ALSO_USE = {
    "rim-bus-nats": {"rim-testbed"},
    "rim-store-postgres": {"rim-testbed"},
    "rim-server": {"rim-client", "rim-testbed"},
}

# External crates that few may use, and why. Whatever is not named here is free.
ONLY_IN = {
    "rusqlite": ({"rim-store-sqlite"}, "only stores speak SQL"),
    "tokio-postgres": ({"rim-store-postgres", "rim-testbed"}, "only stores speak SQL"),
    "async-nats": ({"rim-bus-nats"}, "only the bus speaks NATS"),
    "axum": ({"rim-server"}, "only the server speaks HTTP"),
    "hyper": (
        {"rim-server", "rim-testbed", "rim-bench"},
        "only the server speaks HTTP, the S3 of tests, and the bench, which streams files both ways",
    ),
    "hyper-util": ({"rim-server", "rim-testbed", "rim-bench"}, "only the server speaks HTTP, the S3 of tests, and the bench"),
    "tower-http": ({"rim-server"}, "only the server speaks HTTP"),
    "clap": ({"rim-server", "rim-bench"}, "libraries read no command line"),
    "reqwest": ({"rim-client", "rim-server"}, "the client asks servers, and the server a storage of files"),
    "object_store": ({"rim-server"}, "only the server's storage knows where bytes are"),
    "hdrhistogram": ({"rim-bench"}, "only the bench measures how long things take"),
    "rustix": ({"rim-bench", "rim-server"}, "the bench pins processes to cores, the server asks for its name"),
    "tokio-tungstenite": ({"rim-client"}, "only the client opens WebSockets"),
}

# Crates that may use nothing but these, so that they stay what they are.
ONLY_USES = {
    "rim-protocol": ({"base64", "emojis", "itoa", "serde", "serde_json", "unicode-normalization", "utoipa"}, "the wire is data, without I/O"),
    "rim-core": ({"async-trait", "base64", "caseless", "memchr", "postcard", "serde", "serde_json", "thiserror", "tokio", "unicode-normalization", "unicode-script", "unicode-security"}, "rules and ports, without I/O"),
    "rim-media": ({"bytes", "crc32fast", "encoding_rs", "fast_image_resize", "html5gum", "image", "infer", "memchr", "miniz_oxide", "thiserror", "thumbhash"}, "bytes in, bytes out, without I/O"),
    "rim-store": ({"async-trait", "fastrand", "foldhash", "rim-core", "thiserror", "tokio"}, "use cases over a port, without I/O"),
}

EVERY_CRATE = {path.parent.name for path in ROOT.glob("crates/*/Cargo.toml")}

OUTSIDE_THE_RULES = EVERY_CRATE - {"protocol", "core", "media", "store"}

# Text that may stand in the sources of some crates alone: pattern, where it is allowed, why, and the files
# that are the one exception. Comments and tests are not looked at.
TEXT = [
    (
        r'"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE (TABLE|INDEX|UNIQUE)|PRAGMA|BEGIN|WITH RECURSIVE)\b',
        {"store", "store-sqlite", "store-postgres"},
        "only stores speak SQL",
        (),
    ),
    (
        r"\b(SystemTime|Instant|Timestamp|Zoned)::now\(",
        OUTSIDE_THE_RULES,
        "rules and the wire read no clock: time is an argument",
        (),
    ),
    (
        r"\bSystemTime::now\(",
        {"client", "bench"},
        "the time of day comes from the Clock",
        ("crates/server/src/clock.rs",),
    ),
    (
        r"\b(getrandom|rand)::",
        OUTSIDE_THE_RULES,
        "rules and the wire draw no random numbers: chance is an argument",
        (),
    ),
    (
        r"\btokio::(net|fs|time|io|task|runtime)\b",
        OUTSIDE_THE_RULES,
        "the rules do no I/O: of tokio they have channels, for the feed",
        (),
    ),
    (
        r"\b(tokio|tokio::task|task)::spawn\(",
        {"client", "bench"},
        "every task belongs to a TaskTracker, such as life.tasks, so that the server can wait for it",
        # A command of one process, without a server.
        ("crates/server/src/cli/way.rs",),
    ),
    (
        r"\.unwrap\(\)",
        set(),
        'say why it cannot happen: expect("…"), or return the error',
        (),
    ),
    (
        r"\b(todo|unimplemented|dbg)!\(",
        set(),
        "unfinished work does not land",
        (),
    ),
]


def main() -> int:
    wrongs = list(wrong_dependencies()) + list(wrong_texts())
    for wrong in wrongs:
        print(wrong, file=sys.stderr)
    if wrongs:
        print(f"\n{len(wrongs)} breaches of the layering; the rules are in scripts/check_layers.py", file=sys.stderr)
        return 1
    print("layers: every crate keeps to its place")
    return 0


def wrong_dependencies():
    for package in packages():
        name = package["name"]
        place = Path(package["manifest_path"]).relative_to(ROOT)
        if name not in MAY_USE:
            yield f"{place}: {name} has no place in MAY_USE of scripts/check_layers.py yet"
            continue
        for dependency in package["dependencies"]:
            used, in_tests = dependency["name"], dependency["kind"] == "dev"
            if used.startswith("rim-"):
                allowed = MAY_USE[name] | (TESTS_MAY_ALSO_USE.get(name, set()) if in_tests else set())
                # A crate may name itself, to switch on a feature for its tests.
                if used not in allowed | {name} and not (in_tests and used in MAY_USE[name]):
                    yield f"{place}: {name} must not depend on {used}"
                continue
            if in_tests:
                continue
            allowed, why = ONLY_IN.get(used, ({name}, ""))
            if name not in allowed:
                yield f"{place}: {name} must not use {used}: {why}"
            allowed, why = ONLY_USES.get(name, ({used}, ""))
            if used not in allowed:
                yield f"{place}: {name} must not use {used}: {why}"


def packages():
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output)["packages"]


def wrong_texts():
    rules = [(re.compile(pattern), allowed, why, files) for pattern, allowed, why, files in TEXT]
    for crate in sorted(EVERY_CRATE):
        for path in sorted((ROOT / "crates" / crate / "src").rglob("*.rs")):
            place = path.relative_to(ROOT).as_posix()
            if is_test(path):
                continue
            for number, line in code(path.read_text(encoding="utf-8")):
                for pattern, allowed, why, files in rules:
                    if crate not in allowed and place not in files and pattern.search(line):
                        yield f"{place}:{number}: {line.strip()}\n    {why}"


def is_test(path: Path) -> bool:
    # The store suite is compiled for tests alone, and so are files called tests.
    return path.name == "tests.rs" or bool({"tests", "suite"} & set(path.parts)) or path.name == "suite.rs"


def code(text: str):
    """The numbered lines that are neither comments nor part of a test module, which ends its file."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#[cfg(test)]") and is_test_module(text, number):
            return
        if not line.lstrip().startswith("//"):
            yield number, line.split(" // ")[0]


def is_test_module(text: str, number: int) -> bool:
    following = text.splitlines()[number : number + 1]
    return bool(following) and following[0].startswith("mod tests {")


if __name__ == "__main__":
    sys.exit(main())
