#!/usr/bin/env bash
# Runs the linters that are installed, and says which are not.
set -euo pipefail
cd "$(dirname "$0")/.."

tags="${1:-disable_grpc_modules}"
path="$PATH:$(go env GOPATH)/bin"

run() { # name, arguments...
	local tool="$1"
	shift
	if PATH="$path" command -v "$tool" >/dev/null; then
		PATH="$path" "$tool" "$@"
	else
		echo "lint: $tool is not installed, skipped" >&2
	fi
}

run staticcheck -tags "$tags" ./...
run golangci-lint run --build-tags "$tags" ./...
run govulncheck -tags "$tags" ./...
