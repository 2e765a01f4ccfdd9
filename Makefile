# driftline: what a newcomer runs. Needs the Rust toolchain and Python 3; no Docker.

CARGO ?= cargo
EMULATOR := localstack/emulator

.PHONY: demo test lint docs reference emulators bench

# Deploys a sample to an emulated account, drifts it, and shows what driftline finds.
demo:
	$(CARGO) build
	localstack/demo --driftline target/debug/driftline

# Everything: unit tests, rule fixtures, and end-to-end tests on emulators that the tests start themselves.
test: emulators
	$(CARGO) test

# Installs the emulators before the tests need them, and says which of them cannot be had here.
emulators:
	@$(EMULATOR) python moto >/dev/null
	@$(EMULATOR) python ministack >/dev/null
	@$(EMULATOR) python localstack >/dev/null || { \
	  echo; \
	  echo "================================================================================"; \
	  echo " The LocalStack part of the tests will NOT run: LocalStack 4.14 needs Python 3.13."; \
	  echo " Install python3.13 so that it is on the PATH, or use a Docker engine."; \
	  echo "================================================================================"; \
	  echo; \
	  test -z "$$CI"; }

# Scans of emulated accounts: calls, wall time, processor time, memory. `make bench PEERS=1` measures Prowler, ScoutSuite and Cloud Custodian too, where installed.
bench:
	$(CARGO) build --release
	benches/account/run $(if $(PEERS),--peers)

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings

docs:
	$(CARGO) doc --no-deps

# Writes what is made from the rules themselves: their reference and the schema of profiles. A test holds both fresh.
reference:
	$(CARGO) run --quiet -- rules --reference docs/rules
	$(CARGO) run --quiet -- profiles schema > docs/profile.schema.json
