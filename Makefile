# What one does with this project. `make` alone lists it.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PACKAGES := dashboard secret_manager secrets_ui accounts audit emulator
EMBEDDED := $(filter embedded,$(or $(strip $(SECRET_MANAGER_URL)),embedded))
PROVIDER := tests/sso/provider/node_modules/.package-lock.json
PIP_INSTALL := install --quiet --disable-pip-version-check
LOCK_COMMAND := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock"

.PHONY: help run test faults soak bench lint format screenshots access-table lock
.DELETE_ON_ERROR:

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: export DEMO = on
run: export HTTPS = off
run: export PORT := $(PORT)
run: .venv/runtime ## Serve a demonstration on this machine; Ctrl-C stops it, `var/` keeps its data
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(if $(EMBEDDED),$(BIN)/python manage.py migrate --database emulator --verbosity 0)
	@$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@$(if $(EMBEDDED),$(BIN)/python manage.py emulator_seed)
	@$(BIN)/python manage.py demo_person
	@exec $(BIN)/gunicorn dashboard.wsgi

test: .venv/dev .venv-sdk/installed .venv-cli/installed $(PROVIDER) ## Run every test, as CI does, on two processors
	@scripts/install-system-packages
	@$(BIN)/python -m pytest -n 2 --dist worksteal

faults: .venv/dev ## Let the API fail in every way in every act, and print what the pages say
	@FAULTS_TABLE=on $(BIN)/python -m pytest -n 2 --show-capture=no tests/faults/test_matrix.py

soak: .venv/dev .venv-sdk/installed ## Run the long versions: 2,000 lost answers, 200 racing edits, a hanging API, years of notices
	@scripts/install-system-packages
	@SOAK=on FAULTS_TABLE=on $(BIN)/python -m pytest --show-capture=no \
		tests/faults/test_lost_answers.py tests/faults/test_races.py tests/faults/test_hanging.py \
		tests/secrets_ui/notify/test_year.py tests/services/test_postgresql_and_redis.py

bench: .venv/dev .venv-sdk/installed ## Measure the catalog, the pages and the memory; about 8 minutes, write benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks.bench

lint: .venv/dev ## Check style, types, layers, templates and migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(PACKAGES)
	@$(BIN)/djade --check --target-version 5.2 $$(find templates -name '*.html')
	@$(BIN)/lint-imports --no-logo
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/dev ## Put code and templates into the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/djade --target-version 5.2 $$(find templates -name '*.html')

screenshots: .venv/dev ## Make the pictures of README.md anew
	@scripts/install-system-packages
	@$(BIN)/python scripts/make_screenshots.py

access-table: .venv/dev ## Write who gets what at every address anew; read what changed before you commit it
	@ACCESS_TABLE=write $(BIN)/python -m pytest tests/secrets_ui/test_access_table.py

lock: .venv/dev ## Pin what requirements*.txt ask for, with hashes
	@$(LOCK_COMMAND) --upgrade requirements.txt -o requirements.lock
	@$(LOCK_COMMAND) --upgrade -c requirements.lock requirements-dev.txt -o requirements-dev.lock

# What is installed where. The development lock holds everything of the runtime lock, at the same versions.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
	@$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock | .venv/bin/python
	@echo "Installing what $< lists"
	@$(BIN)/python -m pip $(PIP_INSTALL) --require-hashes -r $<
	@touch $@

.venv/dev: requirements-dev.lock | .venv/bin/python
	@echo "Installing what $< lists"
	@$(BIN)/python -m pip $(PIP_INSTALL) --require-hashes -r $<
	@touch $@ .venv/runtime

# The official SDK and CLI pin old packages, so each lives in an environment of its own.
.venv-%/installed: tests/contract/requirements-%.txt
	@$(PYTHON) -m venv --clear .venv-$*
	@echo "Installing what $< lists"
	@.venv-$*/bin/python -m pip $(PIP_INSTALL) -r $<
	@touch $@

# The OpenID provider that tests sign in at.
$(PROVIDER): tests/sso/provider/package-lock.json
	@scripts/install-system-packages
	@echo "Installing what $< lists"
	@npm ci --silent --no-audit --no-fund --prefix $(<D)
	@touch $@
