# Sortie. `make` alone lists the targets. The only requirements are Python 3.13 and make.
#
# Each tool has its own environment: aws-sam-cli, MiniStack and the newest boto3 do not resolve together.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8080
PAYMENTS ?= off
STAGE ?= dev
ARCHITECTURE ?= arm64
CONFIG ?= samconfig.toml
COVERAGE ?= 80

# Relative paths, as make cannot quote the spaces of this folder's own path.
UV := .tools/uv/bin/uv
LOCAL_PYTHON := .tools/local/bin/python
DEV := .venv/bin
NODE_PACKAGES := $(if $(shell command -v npm),tests/node/node_modules/.ready)
CHAIN := .tools/chain/.ready $(if $(shell command -v npm),local/chain/node_modules/.contracts.json)
LOCAL_STACK := .tools/local/.ready .tools/ministack/.ready .tools/sam/.ready
MODEL_TOOLS = $(if $(filter tiny,$(MODEL)),.tools/model/.ready)

export SAM_CLI_TELEMETRY := 0
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH PYTHONPYCACHEPREFIX VIRTUAL_ENV

# A local run must not use an AWS account, and sam verifies every credential that it finds with AWS.
OFFLINE := env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN \
  -u AWS_PROFILE -u AWS_DEFAULT_PROFILE -u AWS_CA_BUNDLE -u AWS_ENDPOINT_URL -u AWS_REGION \
  AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
  AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=eu-central-1

# The only one of the caller's AWS settings that a local run reads, for MODEL=bedrock:…
CALLERS_REGION = CALLERS_AWS_REGION="$$AWS_REGION"

# The version of Lambda's runtime, which MiniStack shares with handlers. Run each candidate, as a
# pyenv shim may be on PATH without its interpreter; a virtual environment prints its base's path.
WHICH_PYTHON = for candidate in "$$(command -v python3.13)" \
  "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.13*/bin/python3.13 \
  "$$($(UV) python find --managed-python --no-project 3.13 2>/dev/null)"; do \
  [ -n "$$candidate" ] && "$$candidate" -c 'import sys; \
    assert sys.version_info[:2] == (3, 13); print(sys._base_executable)' 2>/dev/null && break; done
PYTHON = $(eval PYTHON := $(shell $(WHICH_PYTHON)))$(or $(PYTHON),$(error $(NO_PYTHON)))
define NO_PYTHON
Python 3.13, the version of Sortie's Lambda functions, is missing. Install it with one of:
  .tools/uv/bin/uv python install 3.13    everywhere; the way on Debian 12 and Ubuntu 24.04
  pyenv install 3.13
  brew install python@3.13
  apt-get install python3.13              from Debian 13 and Ubuntu 25.04 on
endef

.PHONY: help serve up check test equipment mutants bench docs build deploy doctor sam-local registry webhook-secret payments restore redrive audit wheel openapi lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

serve: .tools/server/.ready $(MODEL_TOOLS) ## run the server, without AWS, on http://127.0.0.1:8080 (PORT=…) until Ctrl-C; MODEL=…, REPO=…: as for `up`
	@exec $(OFFLINE) $(CALLERS_REGION) PYTHONPATH=$(SERVER_PATH) PORT=$(PORT) .tools/server/bin/python -m local.stack.serve

up: $(LOCAL_STACK) $(if $(filter-out off,$(PAYMENTS)),$(CHAIN)) $(MODEL_TOOLS) ## run the whole system on http://127.0.0.1:8080 (PORT=…) until Ctrl-C; MODEL=ollama:NAME|…|tiny: use a real model (docs/how-to/real-model.md); REPO=/path/to/folder: serve your own git repository; PAYMENTS=required|instead-of-key
	@exec $(OFFLINE) $(CALLERS_REGION) PYTHONPATH=layers/jobs PORT=$(PORT) PAYMENTS=$(PAYMENTS) $(LOCAL_PYTHON) -m local.stack.up

# The server reads template.yaml's routes from a file of its own, and Swagger UI from its package.
SERVER_PATH := layers/jobs:.tools/server/openapi:server/src:.
SWAGGER_UI := .tools/server/lib/python3.13/site-packages/drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist
.tools/server/.ready: COMPILED := --compile-bytecode # for a first start within two seconds
.tools/server/.ready: requirements/server.txt $(UV)
	$(ENVIRONMENT)
	@mkdir -p .tools/server/openapi/openapi_files && ln -sfr layers/openapi/openapi_files/* \
	  $(addprefix $(SWAGGER_UI)/,swagger-ui-bundle.js swagger-ui.css) .tools/server/openapi/openapi_files
server/src/sortie_server/template.json: template.yaml scripts/server_template.py .tools/server/.ready
	@.tools/server/bin/python -m scripts.server_template $< $@
serve: server/src/sortie_server/template.json

# tests/conftest.py distributes the tests to processes.
SCHEDULE := --dist loadfile --no-loadscope-reorder

lint: .venv/.ready ## run lint and type checks
	@$(DEV)/ruff check
	@$(DEV)/ruff format --check
	@$(DEV)/mypy
	@$(DEV)/mypy --python-version 3.12 client/src server/src functions # the oldest Python of the client and the server
	@$(DEV)/pylint --score n layers functions # finds copies

check: lint ## run lint, type checks and quick tests, while you work
	@$(OFFLINE) $(DEV)/pytest --numprocesses 2 $(SCHEDULE) --ignore tests/architecture/test_gates.py \
	  --ignore tests/architecture/test_lint.py tests/unit tests/handlers tests/architecture client/tests

test: .venv/.ready .tools/runtime/.ready .tools/docs/.ready .tools/generators/.ready .tools/model/.ready .tools/server/.ready $(LOCAL_STACK) $(NODE_PACKAGES) $(CHAIN) ## run all tests, lint and type checks among them
	@$(OFFLINE) $(DEV)/pytest --numprocesses 5 $(SCHEDULE) --cov --cov-report= --cov-fail-under=$(COVERAGE)

equipment: .venv/.ready .tools/model/.ready .tools/server/.ready $(LOCAL_STACK) $(CHAIN) ## test the local stack's own parts, and record that they pass (PART=chain: one part)
	@$(OFFLINE) $(DEV)/python -m tests.equipment $(PART)

mutants: .tools/mutants/.ready ## change the core, payments and leases in small ways, and list the changes that no quick test notices (PART=core/job.py)
	@exec $(OFFLINE) nice -n 10 .tools/mutants/bin/python -m tests.mutants $(PART)

bench: .venv/.ready .tools/runtime/.ready .tools/server/.ready $(LOCAL_STACK) $(CHAIN) ## measure cold starts, warm requests, cost per job and growth (ARGS="calls --quick")
	@exec $(OFFLINE) PYTHONPATH=layers/jobs $(DEV)/python -m bench $(ARGS)

docs: .tools/docs/.ready ## build the documentation into .local/site
	@NO_MKDOCS_2_WARNING=1 .tools/docs/bin/python -m mkdocs build --strict # --quiet would hide warnings

build: $(LOCAL_STACK) ## build for AWS into .aws-sam/build (ARCHITECTURE=arm64|x86_64)
	@$(OFFLINE) $(LOCAL_PYTHON) -m local.cloud.build aws $(ARCHITECTURE)

deploy: $(LOCAL_STACK) ## build and deploy to AWS (STAGE=dev|prod; REGION=…; GUIDED=1: ask for settings)
	@$(SCRIPT).deploy $(NAMED_STACK) $(if $(GUIDED),--guided)

sam-local: $(LOCAL_STACK) ## invoke every function with `sam local` in Docker; UP=1: use the stack of `make up`
	@exec $(OFFLINE) PYTHONPATH=layers/jobs $(LOCAL_PYTHON) -m local.sam_local.invoke $(if $(UP),--up)

# A stack's own commands. STACK and REGION are those of STAGE in samconfig.toml, unless given. Without
# any of the three, commands below `deploy` and `doctor` take the stack that `make up` runs, if it does.
SCRIPT = PYTHONPATH=layers/jobs $(LOCAL_PYTHON) -m scripts
NAMED_STACK = --config '$(CONFIG)' --stage '$(STAGE)' --stack '$(STACK)' --region '$(REGION)'
OWN_STACK = $(NAMED_STACK)$(if $(STACK)$(REGION)$(filter-out file,$(origin STAGE)),, --running '$(or $(STACK_FILE),.local/stack.json)')

doctor: .tools/local/.ready ## say what the account, the region or a stack lacks ([STAGE=…])
	@$(SCRIPT).doctor $(NAMED_STACK)

registry: .tools/local/.ready ## write agents, drones, projects and keys to a stack (FILE=… [ADMIN_KEY=…] [STAGE=…])
	@$(SCRIPT).registry $(OWN_STACK) $(if $(FILE),--file '$(FILE)') $(if $(ADMIN_KEY),--admin-key '$(ADMIN_KEY)')

payments: .tools/local/.ready ## print payments, by default those of unknown outcome ([STATE=settled] [LIMIT=…] [STAGE=…])
	@$(SCRIPT).payments $(OWN_STACK) $(if $(STATE),--state '$(STATE)') $(if $(LIMIT),--limit '$(LIMIT)')

restore: .tools/local/.ready ## restore lost items of a table (TABLE=Registry AT=2026-11-30T12:00:00Z [STAGE=…])
	@$(SCRIPT).restore $(NAMED_STACK) --table '$(TABLE)' --at '$(AT)'

redrive: .venv/.ready .tools/local/.ready ## list the dead letter queues, or redrive one ([QUEUE=…] [STAGE=…])
	@named=$$($(SCRIPT).stack $(OWN_STACK)) && $(DEV)/sortie dlq $(if $(QUEUE),redrive '$(QUEUE)',list) $$named

webhook-secret: .tools/local/.ready ## rotate the secret of a tenant's webhooks (TENANT=… [STAGE=…]; RETIRE=1: retire the previous one)
	@$(SCRIPT).webhook_secret $(OWN_STACK) --tenant '$(TENANT)' --retire '$(RETIRE)'

# Needs an advisory service: that of the package registries, or OSV (AUDIT="--vulnerability-service osv"). CI has none.
audit: .tools/audit/.ready ## look for known vulnerabilities in all locked packages (AUDIT=…: options of pip-audit)
	@failed=0; for each in requirements/*.txt layers/*/requirements.txt; do echo "$$each"; \
	  .tools/audit/bin/pip-audit --requirement $$each --require-hashes --disable-pip --strict \
	  --progress-spinner off $(AUDIT) || failed=1; \
	done; $(if $(NODE_PACKAGES),for each in tests/node local/chain; do echo "$$each"; (cd $$each && npm audit) || failed=1; done;) \
	[ $$failed = 0 ] || { echo 'audit: a package is vulnerable, or no advisory service has answered; see above'; exit 1; }

wheel: $(UV) ## build the server's wheel into .local/dist
	@$(UV) build --quiet --wheel --out-dir .local/dist server && ls .local/dist

openapi: .venv/.ready ## write docs/openapi from the code
	@PYTHONPATH=layers/jobs $(DEV)/python -m scripts.openapi

clean: ## remove everything built, installed or remembered here; keep .local/registry.yaml
	find .local -mindepth 1 -maxdepth 1 ! -name registry.yaml -exec rm -rf {} + 2>/dev/null || true
	rm -rf .aws-sam .tools .venv .coverage .*_cache .hypothesis tests/node/node_modules local/chain/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── Environments ─────────────────────────────────────────────────────────────
$(UV): requirements/uv.txt
	$(if $(shell command -v python3),,$(error Python 3 is missing: install Python 3.13, as https://docs.python.org/3/using says))
	@echo 'installing uv…'
	@python3 -m venv --clear .tools/uv
	@.tools/uv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

define ENVIRONMENT
	@printf 'installing %s… ' $(@D); start=$$SECONDS; set -e; \
	$(UV) venv --quiet --clear --no-project --python '$(PYTHON)' $(@D); \
	$(UV) pip sync --quiet --require-hashes $(COMPILED) --python $(@D) $<; \
	echo "$$((SECONDS - start)) s"
	@touch $@
endef
.venv/.ready: requirements/dev.txt client/pyproject.toml $(UV)
	$(ENVIRONMENT)
	@$(UV) pip install --quiet --no-deps --no-build-isolation --python .venv --editable client
.tools/%/.ready: requirements/%.txt $(UV)
	$(ENVIRONMENT)

tests/node/node_modules/.ready: tests/node/package-lock.json
	@cd $(<D) && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

local/chain/node_modules/.contracts.json: $(addprefix local/chain/,package-lock.json contracts.sol compile.cjs)
	@printf 'installing the chain and its token… '; start=$$SECONDS; cd $(<D) && \
	npm ci --ignore-scripts --no-audit --no-fund --silent && node compile.cjs > node_modules/.contracts.json && \
	echo "$$((SECONDS - start)) s"

# ── Locks: names, versions and hashes, without hosts, so that any index works ──
COMPILE = $(UV) pip compile --quiet --no-config --generate-hashes --no-emit-index-url --no-header \
  --no-annotate --universal --python '$(PYTHON)' $(if $(UPGRADE),--upgrade)
lock: $(UV) ## resolve the requirements again (UPGRADE=1: to the newest)
	$(COMPILE) layers/jobs/requirements.in -o layers/jobs/requirements.txt
	$(COMPILE) layers/payments/requirements.in -o layers/payments/requirements.txt
	$(COMPILE) layers/docs/requirements.in --constraints layers/jobs/requirements.txt -o layers/docs/requirements.txt
	$(COMPILE) --no-deps layers/openapi/requirements.in -o layers/openapi/requirements.txt
	$(COMPILE) requirements/local.in --constraints layers/jobs/requirements.txt --constraints layers/docs/requirements.txt -o requirements/local.txt
	$(COMPILE) requirements/dev.in client/pyproject.toml --all-extras --constraints requirements/local.txt --constraints layers/payments/requirements.txt --constraints layers/docs/requirements.txt -o requirements/dev.txt
	$(COMPILE) requirements/server.in --constraints requirements/local.txt --constraints layers/payments/requirements.txt $(foreach each,asgiref django sqlparse,--no-emit-package $(each)) -o requirements/server.txt
	$(COMPILE) --no-deps requirements/model.in -o requirements/model.txt
	$(COMPILE) requirements/mutants.in --constraints requirements/dev.txt -o requirements/mutants.txt
	$(COMPILE) requirements/docs.in --no-emit-package artoo-artifacts -o requirements/docs.txt
	for each in audit chain generators ministack runtime sam uv; do \
	  $(COMPILE) requirements/$$each.in -o requirements/$$each.txt || exit 1; done
	$(if $(NODE_PACKAGES),for each in tests/node local/chain; do \
	  (cd $$each && npm install --package-lock-only --ignore-scripts --silent && node -e '$(FUNDLESS)') || exit 1; done)

# Remove npm's `funding` entries, as they contain addresses of hosts.
define FUNDLESS
const fs = require("fs"), file = "package-lock.json", lock = JSON.parse(fs.readFileSync(file)); \
for (const each of Object.values(lock.packages)) delete each.funding; \
fs.writeFileSync(file, JSON.stringify(lock, null, 2) + "\n")
endef
