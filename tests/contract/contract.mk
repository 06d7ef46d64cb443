# `make contract`: the simulator as seen by clients that were written for the real service. They are large, so they
# live in a virtual environment of their own; the simulator itself runs in the project's.
CONTRACT_VENV := .venv-contract
CONTRACT_STAMP := $(CONTRACT_VENV)/.installed

.PHONY: contract lock-contract

contract: setup $(CONTRACT_STAMP) ## the simulator's answers, read by Microsoft's SDK, python-o365 and Google's client
	@SIMULATOR_PYTHON="$(BIN)/python" $(CONTRACT_VENV)/bin/python -m pytest -c tests/contract/pytest.ini tests/contract $(ARGS)

$(CONTRACT_STAMP): requirements-contract.lock .ci/setup
	@sh .ci/setup "$(PYTHON)" "$(CONTRACT_VENV)" requirements-contract.lock
	@touch $@

lock-contract: ## write the lock file of `make contract` anew
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -q uv
	@$(VENV)-lock/bin/uv pip compile tests/contract/requirements.in --upgrade --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -q -o requirements-contract.lock
