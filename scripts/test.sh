#!/bin/sh
# Runs all tests and ends with 1 if any failed. A part that fails does not keep the others from running; the last
# lines say what became of each and how long it took. `make test` calls this, with "web" where there is a Node.
cd "$(dirname "$0")/.." || exit 2
cargo=${CARGO:-cargo}
summary=""
failed=0

part() { # part NAME COMMAND - runs the command and notes what became of it
  printf '\n== %s: %s\n' "$1" "$2"
  began=$(date +%s)
  if sh -c "$2"; then verdict=passed; else verdict=FAILED failed=1; fi
  summary="$summary$(printf '  %-7s %5d s  %s' "$verdict" $(($(date +%s) - began)) "$1")
"
}

if [ "$1" = web ]; then
  part "the web client's build" "make --no-print-directory web"
fi
# nextest runs the tests of all crates side by side; without it they run crate after crate.
if $cargo nextest --version >/dev/null 2>&1; then
  part "the crates" "$cargo nextest run --workspace --no-fail-fast"
else
  part "the crates" "$cargo test --workspace --all-targets --no-fail-fast"
fi
if [ "$1" = web ]; then
  part "the web client" "cd web && npm test"
  # The tests in a browser start the rim that was built right before.
  part "the binary" "$cargo build --bin rim"
  part "the web client in a browser" "cd web && npm run e2e --if-present"
fi

printf '\n%s' "$summary"
exit $failed
