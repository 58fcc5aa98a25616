#!/usr/bin/env bash
# Fuzzes the library: deterministic mutations on the stable toolchain, or libFuzzer.
#
#   scripts/fuzz.sh TARGET|all [RUNS [SEED]]      RUNS inputs for each target (default: a second's worth), the same for
#                                                 the same SEED (default 1)
#   scripts/fuzz.sh --libfuzzer TARGET [SECONDS]  under libFuzzer (default 60 s); needs a C++ compiler
#   scripts/fuzz.sh list
#   scripts/fuzz.sh replay TARGET FILE            runs one input
#   scripts/fuzz.sh make-corpus                   writes the seeds in fuzz/corpus anew
#
# An input that fails is written to build/fuzz/failures, and its seed and number are printed.
# Build output: CARGO_TARGET_DIR/fuzz or fuzz/target. Exit status 0 if nothing was found.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$PWD
cd "$root/fuzz"
PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
if [[ -n ${CARGO_TARGET_DIR:-} ]]; then
    export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/fuzz
fi
target_dir=${CARGO_TARGET_DIR:-$root/fuzz/target}
work=$root/build/fuzz
export RUST_BACKTRACE=${RUST_BACKTRACE:-1}

if [[ $# -lt 1 || $1 == --help ]]; then
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi

if [[ $1 == --libfuzzer ]]; then
    name=${2:?which target?}
    # What cargo-fuzz asks for; a stable compiler knows these options, too.
    export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
    triple=$(rustc -vV | sed -n 's/^host: //p')
    # With a target triple, RUSTFLAGS do not reach build scripts and procedural macros.
    cargo build --locked --release -p fuzz-libfuzzer --target "$triple" --target-dir "$target_dir/libfuzzer"
    seeds=$(sed -nE "s/^ *target\(\"$name\", \"([a-z_]+)\".*/\1/p" targets/src/lib.rs)
    mkdir -p "$work/corpus/$name" "$work/failures" "corpus/$seeds"
    FUZZ_TARGET=$name exec "$target_dir/libfuzzer/$triple/release/fuzz-libfuzzer" "$work/corpus/$name" "corpus/$seeds" \
        -artifact_prefix="$work/failures/$name-" -max_total_time="${3:-60}" -timeout=30 -max_len=8192 -print_final_stats=1
fi

cargo build --locked --release
runner=$target_dir/release/fuzz-runner
case $1 in
    list) "$runner" list ;;
    replay)
        file=$(cd "$here" && realpath -- "${3:?which file?}")
        "$runner" "${2:?which target?}" --replay "$file" --failures "$work/failures"
        ;;
    make-corpus) "$runner" make-corpus --corpus corpus ;;
    *)
        options=(--seed "${3:-1}" --corpus corpus --failures "$work/failures")
        if [[ -n ${2:-} ]]; then
            options+=(--runs "$2")
        fi
        "$runner" "$1" "${options[@]}"
        ;;
esac
