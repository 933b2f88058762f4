# Every target that people and CI use; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PACKAGES := services/common services/gateway services/moderation services/clustering services/embeddings \
            services/drift_monitor services/local_upstream services/cli pipelines
SOURCES := $(addsuffix /src,$(PACKAGES))
NEEDS_DATASET = $(if $(DATASET),:,echo "DATASET is missing: name a folder of prepared data, such as build/kfp/runs/*/prepare-data/dataset that \`make train\` or \`make tune\` leaves" >&2; exit 2)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-18s %s\n", $$1, $$2}'

.PHONY: setup setup-dev setup-llm
setup: ## Install what running takes into .venv
	@$(PYTHON) tools/setup.py
setup-dev: ## Install what testing and checking take, too
	@$(PYTHON) tools/setup.py --dev
setup-llm: ## Install a small language model, too, for `synapse up --llm` (600 MB; Gemma's terms of use)
	@$(PYTHON) tools/setup.py --llm

.PHONY: demo train release-model train-pii bench-training bench-pii bench-data tune ablation up down status
demo: setup ## The main job on one machine, start to end; ends with a table and build/demo/report.html
	@$(BIN)/synapse demo
train: setup ## Train the moderation model and the user clusters on all sources there are
	@$(BIN)/synapse train --preset full
release-model: setup ## Train on all sources and put the model into models/moderation, which the code carries
	@$(BIN)/synapse train --preset full --release models/moderation
train-pii: setup ## Train the tagger that masks names in training data, into build/pii
	@$(BIN)/python -m synapse_pipelines.pii.train
bench-training: setup-dev ## Texts per second of the training loop and of Hugging Face's Trainer, into build/bench/training.json
	@$(BIN)/python -m tools.bench_training
ablation: setup ## Train with each method of augmentation off and on (DATASET=folder of prepared data), into build/bench/ablation.json
	@$(NEEDS_DATASET)
	$(BIN)/python -m synapse_pipelines.augmentation.ablation --dataset $(DATASET) $(ABLATION_OPTIONS)
bench-pii: setup-dev ## Time the fast PII profile, into build/bench/pii.json
	@$(BIN)/python -m tools.bench_pii
bench-data: setup-dev ## Peak memory of preparing a large table (ROWS=2000000) against its size, into build/bench/data.json
	@$(BIN)/python -m tools.bench_data $(or $(ROWS),2000000)
tune: setup ## Search for better training settings (TRIALS=20); goes on where it was stopped
	@$(BIN)/synapse tune $(if $(TRIALS),--trials $(TRIALS))
up: setup ## Start all services here and leave them running (makes what is missing first: user clusters, a quick model)
	@$(BIN)/synapse up --train-if-missing
down: setup ## Stop them
	@$(BIN)/synapse down
status: setup ## Show them
	@$(BIN)/synapse status

.PHONY: mlflow-ui experiments dvc-push dvc-pull dvc-track
mlflow-ui: setup ## Show runs and models in MLflow's own pages, on http://127.0.0.1:5000 (PORT=)
	@$(BIN)/mlflow ui --backend-store-uri "$${SYNAPSE_MLFLOW_TRACKING_URI:-sqlite:///$(CURDIR)/build/mlflow/mlflow.db}" --workers 1 --host 127.0.0.1 --port $(or $(PORT),5000)
experiments: setup ## Write a page for each run to build/experiments/index.html
	@$(BIN)/python -m synapse_pipelines.registry.experiments.pages
dvc-push: setup ## Put a folder under version: VERSION=name/version FOLDER=path
	@$(BIN)/python -m synapse_pipelines.registry.version_commands push "$(VERSION)" "$(FOLDER)"
dvc-pull: setup ## Fetch a version that versions/ points to: VERSION=name/version
	@$(BIN)/python -m synapse_pipelines.registry.version_commands pull "$(VERSION)"
dvc-track: setup ## Write pointers of the registered candidate and its data into versions/, to commit
	@$(BIN)/python -m synapse_pipelines.registry.version_commands track

.PHONY: test unit integration coverage
test: setup-dev ## Unit tests, then integration tests with real processes
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not integration"
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m integration
unit: setup-dev ## Unit tests only
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "not integration"
integration: setup-dev ## Integration tests only
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m integration
coverage: setup-dev ## Unit tests with a coverage report in build/coverage
	@$(BIN)/python -m pytest -q -m "not integration" $(addprefix --cov=,$(SOURCES)) --cov-report=term:skip-covered --cov-report=html:build/coverage

.PHONY: lint types imports proto-lint gen gen-check
lint: setup-dev ## Style, types, import contracts, proto lint and breaking changes, stale stubs, Dockerfiles
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) --no-print-directory types imports proto-lint gen-check
	$(BIN)/hadolint services/*/Dockerfile pipelines/Dockerfile
types: setup-dev ## mypy --strict on every package
	@$(BIN)/mypy $(SOURCES) tools
imports: setup-dev ## Which package may import which
	@$(BIN)/lint-imports
proto-lint: setup-dev ## Lint the contracts, and compare them with the last released ones
	@$(BIN)/buf lint
	$(BIN)/buf breaking --against protos/released.binpb
gen: setup-dev ## Regenerate the stubs from protos/, and the chart's schema from the settings
	@$(BIN)/python tools/gen_protos.py
	$(BIN)/python -m tools.chart_schema
gen-check: setup-dev ## Fail when the committed stubs differ from protos/
	@$(BIN)/python tools/gen_protos.py --check

.PHONY: compare-encoders
compare-encoders: setup ## Train from several base encoders and compare them (DATASET=dir ENCODERS="a b")
	@$(NEEDS_DATASET)
	$(BIN)/python -m synapse_pipelines.evaluation.encoders --dataset "$(DATASET)" --preset $(or $(PRESET),demo) \
	    $(foreach encoder,$(or $(ENCODERS),../shared/models/e5-small-enpt minilm-l6),--encoder $(encoder))

.PHONY: chart-test release-protos constraints pipelines clean
chart-test: setup-dev ## Lint, render and validate the Helm chart
	@$(BIN)/python -m tools.chart_check
release-protos: setup-dev ## Make the present contracts the released ones that later changes are compared with
	@$(BIN)/buf build -o protos/released.binpb
constraints: setup-dev ## Resolve constraints.txt again (UPGRADE=1 for newer versions)
	@$(BIN)/python -m tools.constraints $(if $(UPGRADE),--upgrade)
pipelines: setup ## Compile the pipelines to build/pipelines/*.yaml
	@$(BIN)/synapse compile
clean: ## Remove everything that was built, but not .venv
	@rm -rf build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
