# `make demo` and `make test` need git, Python 3.11+ and make; everything else they install.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test notebooks benchmarks wheel clean

demo: $(VENV)/.installed
	$(BIN)/cxnlp score examples/comments.csv -o examples/scored.csv --force
	$(BIN)/python examples/show.py examples/scored.csv
	$(BIN)/cxnlp report examples/scored.csv -o examples/report.html

test: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

notebooks: $(VENV)/.tested
	$(BIN)/python notebooks/execute.py

benchmarks: $(VENV)/.tested
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement benchmarks/requirements.txt
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/cascade.py
	$(BIN)/python benchmarks/baselines.py
	$(BIN)/python benchmarks/stories.py
	$(BIN)/python benchmarks/figures.py

wheel: $(VENV)/.tested
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[report]'
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache
