#!/usr/bin/env bash
# Installs, on Debian and its kin, what the tests use beside Go: a browser, a
# PostgreSQL server, a Chinese font, and tools to look at PDF files. Says nothing
# when all of it is there. Tests that miss one of these skip and say so.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }

have_postgres() {
	{ have initdb && have postgres; } || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

have_browser() { have chromium || have chromium-browser || have google-chrome; }

have_chinese_font() {
	compgen -G '/usr/share/fonts/*/noto/Noto*CJK*' >/dev/null ||
		{ have fc-list && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]; }
}

missing=()
have gcc || missing+=(gcc libc6-dev) # the race detector is linked by the C compiler
have_browser || missing+=(chromium)
have_postgres || missing+=(postgresql)
have_chinese_font || missing+=(fonts-noto-cjk)
{ have pdftotext && have pdftoppm; } || missing+=(poppler-utils)

[ "${#missing[@]}" -gt 0 ] || exit 0

echo "The tests need: ${missing[*]}"

if ! have apt-get; then
	echo "This is not Debian or a kin of it: install these by your system's own means, then run again." >&2
	echo "To run without them: make test-fast (the tests that need them skip)." >&2
	exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! have sudo; then
		echo "Installing needs root, and sudo is not here. As root, run:" >&2
		echo "    apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}" >&2
		echo "then run this again. To run without them: make test-fast (the tests that need them skip)." >&2
		exit 1
	fi
	as_root=(sudo)
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
quietly() {
	if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1; then
		cat "$log" >&2
		echo "Failed: $*" >&2
		exit 1
	fi
}

# The tests start servers of their own: no service is wanted at boot.
quietly apt-get update
quietly apt-get install --yes --no-install-recommends "${missing[@]}"
echo "Installed: ${missing[*]}"
