SHELL := bash
SETUP := set -euo pipefail; . scripts/setup.sh
# Two processes share the files of tests; the order of files is that of tests/workers.py. If one dies, the run ends: with
# another in its place it would wait for ever. In one process: python -m pytest
PYTEST := pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

.PHONY: help test coverage zoo docs fuzz check format sample bench screenshot label-studio javascript-client doccano

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## set up and run the whole test suite, in two processes
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); python -m $(PYTEST)

# In two steps: with --fail-under in the first, SlipCover closes the counts of forked processes before it prints them.
coverage: ## the same, and how many lines of the package the tests run: 95 % or more
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); mkdir -p build; \
		python -m slipcover --source token_classification --json --out build/coverage.json -m $(PYTEST); \
		python -m slipcover --merge build/coverage.json --out build/coverage.json \
			--skip-covered --missing-width 40 --fail-under 95

zoo: ## a tiny model of each architecture on trial, beside docs/models.md (to write it: make zoo ZOO=--write)
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); PYTHONPATH=.:tests python -m zoo.table $(ZOO)

docs: ## the documentation as a site in site/, links checked
	@MORE_REQUIREMENTS=requirements-docs.txt; $(SETUP); NO_MKDOCS_2_WARNING=1 mkdocs build --strict

label-studio: ## the server as the ML backend of a real Label Studio, which gets an environment of its own (1 GB)
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); install_apart requirements-label-studio.txt "$$ROOT/.venv-label-studio"; \
		LABEL_STUDIO="$$ROOT/.venv-label-studio/bin/label-studio" python -m pytest tests/serving/test_label_studio_server.py tests/data/formats/test_label_studio.py tests/data/formats/test_running_label_studio.py

javascript-client: ## Hugging Face's client for JavaScript asks the server (needs npm)
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); npm install --no-save --no-audit --no-fund --prefix build/javascript @huggingface/inference@4.13.30; \
		JAVASCRIPT_CLIENT="$$ROOT/build/javascript" python -m pytest tests/serving/test_javascript_client.py

doccano: ## a real doccano imports what is written for it and exports it again; an environment of its own (Python 3.11)
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); install_apart requirements-doccano.txt "$$ROOT/.venv-doccano" python3.11; \
		DOCCANO_PYTHON="$$ROOT/.venv-doccano/bin/python" python -m pytest tests/data/formats/test_real_doccano.py

fuzz: ## 10,000 inputs for each reader (make test gives each a hundred)
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); FUZZ_EXAMPLES=10000 python -m pytest tests/data/test_fuzz_readers.py -k sentences_or

check: ## types, lint, format, the direction of imports, and whether the sample corpus is what its generator writes
	@MORE_REQUIREMENTS=requirements-check.txt; $(SETUP); lint-imports --no-cache && mypy && ruff check . && ruff format --check . && python sample/generate.py --check

format: ## write the code in its one format
	@$(SETUP); ruff check --fix . && ruff format .

bench: ## training speed beside the stock way (on the sample corpus; other data: see benchmarks/README.md)
	@$(SETUP); python benchmarks/train_speed.py "$$(python sample/encoder.py)" sample/train.conll sample/dev.conll

sample: ## train, evaluate and predict on the embedded sample corpus
	@bash run.sh sample

screenshot: ## the pictures of the README, from the report and the model of make sample (needs chromium)
	@MORE_REQUIREMENTS=requirements-test.txt; $(SETUP); python scripts/screenshot.py runs/sample/report/report.html runs/sample docs/images
