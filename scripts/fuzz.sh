#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for FUZZTIME each.
set -euo pipefail
cd "$(dirname "$0")/.."

go="${GO:-go}" tags="${TAGS:-disable_grpc_modules}" time="${FUZZTIME:-30s}"

# Only files that declare a target: listing with `go test -list` would build every package twice.
grep -rlE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*\(' . | while read -r file; do
	package="$(dirname "$file")"
	grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | sed 's/^func //' | while read -r target; do
		echo "fuzz $package $target for $time"
		"$go" test -tags "$tags" -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" </dev/null
	done
done
