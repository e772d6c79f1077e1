#!/usr/bin/env bash
# Feeds the targets of crates/fuzz with what libFuzzer learns to make, one after the other: all of them, or those named.
# FUZZ_MINUTES is for each, 10 where it is not set. Needs a C++ compiler, and no other Rust than that of the rest.
#
# What breaks a target is put into crates/fuzz/inputs, where the tests find it from then on, and ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
minutes=${FUZZ_MINUTES:-10}
inputs=crates/fuzz/inputs
host=$(rustc -vV | sed -n 's/^host: //p')
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for folder in "$inputs"/*/; do targets+=("$(basename "$folder")"); done
fi
for target in "${targets[@]}"; do
    [ -d "$inputs/$target" ] || { echo "there is no target $target: $(ls "$inputs" | tr '\n' ' ')" >&2; exit 2; }
done

# The flags have the compiler count what is reached. With --target they are not for what runs while building.
flags='--cfg fuzzing -Cpasses=sancov-module'
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
    flags+=" -Cllvm-args=-sanitizer-coverage-$flag"
done
RUSTFLAGS=$flags "$cargo" build --quiet --profile fuzz --package rim-fuzz --features libfuzzer \
    --target "$host" --target-dir target/fuzz

for target in "${targets[@]}"; do
    echo "fuzzing $target for $minutes minutes"
    # What was learned stays for the next time, and is no part of the repository.
    learned=target/fuzz/learned/$target
    mkdir -p "$learned"
    if ! RIM_TARGET=$target "target/fuzz/$host/fuzz/rim-fuzz" "$learned" "$inputs/$target" \
        -artifact_prefix="$inputs/$target/" -max_total_time=$((minutes * 60)) -timeout=10 -print_final_stats=1; then
        find=$(ls -t "$inputs/$target" | head -n 1)
        echo "found $inputs/$target/$find; again: RIM_INPUT=\$PWD/$inputs/$target/$find cargo test -p rim-fuzz" >&2
        exit 1
    fi
done
