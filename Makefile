# make test    everything that must hold before a change lands
# make quick   the same without the race detector and the real servers' installation
# make bench   the benchmarks, side by side with other libraries
# make soak    what takes long: a minute of load, long fuzzing

# The tools that check the code, each at a fixed version.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOTESTSUM   = gotest.tools/gotestsum@v1.13.0

# What the tests need besides Go; internal/lab/install knows how to get it.
NEEDS = gcc slapd samba ds389 postgresql

GO      ?= go
MODULES  = . internal/peerbench
FUZZTIME ?= 60s

.PHONY: test quick needs check race demo bench soak fuzz generate clean

test: needs check race demo

quick: check
	$(GO) test ./...

# needs installs what is missing where it can (Debian, as root) and names what has to be left out elsewhere.
needs:
	$(GO) run ./internal/lab/install $(NEEDS)

check:
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not formatted with gofmt:"; echo "$$bad"; exit 1; fi
	@for m in $(MODULES); do echo "check $$m"; (cd $$m && $(GO) mod tidy -diff && $(GO) vet -tags soak ./... && $(GO) run $(STATICCHECK) -tags soak ./...) || exit 1; done

# race runs every test under the race detector. With CI=true a skipped test is a failure.
race:
	@log=$$(mktemp); \
	$(GO) run $(GOTESTSUM) --format pkgname --jsonfile "$$log" -- -race -timeout 15m ./...; status=$$?; \
	skipped=$$(grep '"Action":"skip"' "$$log" | grep '"Test":' | sed 's/.*"Package":"\([^"]*\)","Test":"\([^"]*\)".*/  \1 \2/'); \
	rm -f "$$log"; \
	if [ -n "$$skipped" ]; then \
	  echo "LEFT OUT, because this machine has not what they need:"; echo "$$skipped"; \
	  if [ "$$CI" = true ]; then echo "with CI=true nothing may be left out"; exit 1; fi; \
	fi; \
	exit $$status

demo:
	$(GO) run ./examples/usersync demo

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...
	cd internal/peerbench && $(GO) test -run '^$$' -bench . -benchmem ./...

soak: needs
	$(GO) test -tags soak -race -timeout 60m -run Soak ./...
	$(MAKE) fuzz

# fuzz runs each fuzz target for FUZZTIME.
fuzz:
	@for d in $$($(GO) list -f '{{.Dir}}' ./...); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$d/*_test.go 2>/dev/null | sed 's/^func //'); do \
	    echo "$$d $$f"; (cd $$d && $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
	  done; \
	done

# generate writes anew what is made by programs of this repository and checked in.
generate:
	$(GO) generate ./...

clean:
	rm -rf bin lab-run coverage.txt
