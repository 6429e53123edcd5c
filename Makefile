# Grandstand's commands; `make` alone lists them.
#
# Set-up happens once. Each of its steps ends by touching a stamp in .venv (or by moving the finished
# files into static/vendor), so an interrupted step is done again and a changed lock redoes what follows
# from it.

PY := .venv/bin/python
STEP := sh .ci/step
COMPILE := .venv/uv/bin/uv pip compile --no-config --quiet --universal --generate-hashes \
	--no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" $(ARGS)
VENDOR := static/vendor/htmx.min.js static/vendor/hx-sse.min.js static/vendor/htmx.LICENSE.txt

.DELETE_ON_ERROR:
.PHONY: help setup run test lint bench lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

setup: .venv/.packages $(VENDOR) ## install everything that is locked (PYTHON=… chooses the Python of a new .venv)
	@:

run: setup ## serve a demo tournament from this checkout
	@GRANDSTAND_ENV=development exec $(PY) -m quart_app serve --demo

test: setup ## run the tests (ARGS=… goes to pytest)
	@sh .ci/system-packages
	@sh .ci/test $(ARGS)

lint: setup ## check style, format and types
	@status=0; \
	$(STEP) "Style (ruff check)" $(PY) -m ruff check . || status=1; \
	$(STEP) "Format (ruff format)" $(PY) -m ruff format --check . || status=1; \
	$(STEP) "Types (mypy)" $(PY) -m mypy --strict || status=1; \
	exit $$status

bench: setup .venv-bench/.packages ## measure the server and its peers (ARGS=… goes to the bench)
	@sh bench/system-packages
	@$(PY) -m bench $(or $(ARGS),--write)

lock: .venv/.made ## write the lock files anew after a change of dependencies (ARGS=--upgrade takes the newest)
	@$(STEP) "Installing uv" $(PY) -m pip install --upgrade --target .venv/uv uv
	@$(STEP) "requirements.lock" $(COMPILE) -o requirements.lock pyproject.toml
	@$(STEP) "requirements-dev.lock" $(COMPILE) -o requirements-dev.lock -c requirements.lock --extra dev pyproject.toml
	@$(STEP) "bench/requirements.lock" $(COMPILE) -o bench/requirements.lock bench/requirements.in
	@$(STEP) "requirements-node.lock" $(COMPILE) -o requirements-node.lock --group node
	@$(STEP) "package-lock.json" sh .ci/npm install --package-lock-only --ignore-scripts \
		--omit-lockfile-registry-resolved=true

clean: ## remove what set-up and the tools made; var/, with its data, stays
	@rm -rf .venv .venv-bench node_modules static/vendor build *.egg-info htmlcov .coverage .coverage.* \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.made:
	@python=$$(sh .ci/find-python) && \
		$(STEP) "Making .venv with $$("$$python" --version)" "$$python" -m venv --clear .venv
	@touch $@

.venv/.packages: .venv/.made requirements-dev.lock
	@$(STEP) "Installing the locked Python packages" \
		$(PY) -m pip install --require-hashes -r requirements-dev.lock
	@touch $@

.venv-bench/.packages: bench/requirements.lock
	@python=$$(sh .ci/find-python) && \
		$(STEP) "Making .venv-bench with $$("$$python" --version)" "$$python" -m venv --clear .venv-bench
	@$(STEP) "Installing the locked packages of the bench's peers" \
		.venv-bench/bin/python -m pip install --require-hashes -r bench/requirements.lock
	@touch $@

$(VENDOR) &: package-lock.json | .venv/.made
	@$(STEP) "Installing the locked htmx" sh .ci/npm ci --ignore-scripts --no-audit --no-fund
	@mkdir -p static/vendor/.part
	@cp node_modules/htmx.org/dist/htmx.min.js node_modules/htmx.org/dist/ext/hx-sse.min.js static/vendor/.part
	@cp node_modules/htmx.org/LICENSE static/vendor/.part/htmx.LICENSE.txt
	@mv static/vendor/.part/* static/vendor && rmdir static/vendor/.part
