# Two commands are enough on a fresh machine with Go:
#   make demo    build Tocsin and run its main job, from alert to evidence
#   make test    install what the tests need and run them all

TAGS    := disable_grpc_modules
GO      ?= go
# The same binary from a clone, an archive, or a folder git does not trust.
export GOFLAGS += -buildvcs=false

# What the program calls itself: the tag or commit, or dev where git does not say.
VERSION ?= $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)

FUZZTIME ?= 30s
BENCHTIME ?= 1s

# PostgreSQL as Debian installs it: its server programs are not on PATH.
PG_BIN := $(firstword $(shell command -v initdb >/dev/null 2>&1 && dirname "$$(command -v initdb)") $(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin))))
export TOCSIN_TEST_PG_BIN ?= $(PG_BIN)
ifneq ($(PG_BIN),)
export PATH := $(PATH):$(PG_BIN)
endif

.PHONY: build demo test test-deps test-fast kill check bench microbench fuzz lint clean

build: ## one binary, no C
	CGO_ENABLED=0 $(GO) build -tags $(TAGS) -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/tocsin ./cmd/tocsin

demo: build ## the whole chain on this machine, with made-up persons
	bin/tocsin demo

test: test-deps check ## everything, with the race detector
	$(GO) test -race -shuffle=on -tags $(TAGS) -timeout 55m ./...

test-deps:
	@scripts/install-test-deps.sh

test-fast: check ## the same without the race detector; skips what is not installed
	$(GO) test -shuffle=on -tags $(TAGS) -timeout 20m ./...

kill: ## the program killed 200 times and more, eight times at each point of the journal
	TOCSIN_KILLS=full $(GO) test -count=1 -v -run TestKilledAgainAndAgain -tags $(TAGS) -timeout 90m ./internal/e2e

check: ## formatting and vet
	@unformatted="$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go' 2>/dev/null || find . -name '*.go'))"; \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet -tags $(TAGS) ./...

bench: ## Tocsin beside a plain sender, in one run: a table of ratios, and bench/results.json
	$(GO) run -tags $(TAGS) ./bench/dispatch

microbench: ## the parts, by go test -bench
	$(GO) test -tags $(TAGS) -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

fuzz: ## every fuzz target for FUZZTIME
	@GO="$(GO)" TAGS="$(TAGS)" FUZZTIME="$(FUZZTIME)" scripts/fuzz.sh

lint: check ## deeper checks, by the tools that are installed
	@scripts/lint.sh "$(TAGS)"

clean:
	rm -rf bin
