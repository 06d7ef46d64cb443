"""What every test shares: a closed network, marks that choose the database, and Microsoft as the simulator plays it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from hypothesis import settings as hypothesis_settings

from calendars.graph import tokens
from calendars.sync import services
from tests.factories import NOW
from tests.simulator.client import Simulator

# A busy machine is no failure.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.register_profile("soak", deadline=None, max_examples=2000)
hypothesis_settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--campaign", choices=("pairwise", "all"), default="pairwise",
        help="which variants of disturbed runs are tried: those in which all pairs occur (default), or all there are",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--campaign") == "all":
        hypothesis_settings.load_profile("soak")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--campaign") != "all":
        long = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
    if connection.vendor == "postgresql":
        return
    reason = "needs row locks of PostgreSQL: DATABASE_URL=postgres://… make test"
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start() as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator, settings) -> Iterator[Simulator]:
    """An empty simulated Microsoft at `tests.factories.NOW`, with the product pointed at it and short pauses."""
    running_simulator.clear_faults()
    running_simulator.reset(seed=1, now=NOW.isoformat())
    settings.SIMULATOR_URL = running_simulator.url
    tokens.forget_endpoints()
    settings.GRAPH_URL = f"{running_simulator.url}/v1.0"
    settings.EWS_URL = f"{running_simulator.url}/EWS/Exchange.asmx"
    settings.GOOGLE_URL = running_simulator.url
    settings.GOOGLE_AUTHORIZE_URL = f"{running_simulator.url}/o/oauth2/v2/auth"
    settings.GOOGLE_TOKEN_URL = f"{running_simulator.url}/token"
    settings.HTTP_TIMEOUT = 2
    settings.RETRY_SECONDS = 0.01
    settings.SHORT_WAIT_SECONDS = 0.2
    yield running_simulator
    running_simulator.clear_faults()


@pytest.fixture
def no_daily_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as no service is there to sync with, nothing is pulled and nothing is told."""
    monkeypatch.setattr(services, "opener", lambda name: None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many variants of disturbed runs were tried, and how many kills: the figures that tests have recorded."""
    counted: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            counted.update({name: value for name, value in report.user_properties if name in ("variants", "kills")})
    if counted:
        said = ", ".join(f"{number:,} {name}" for name, number in sorted(counted.items(), reverse=True))
        terminalreporter.write_line(f"Disturbed runs: {said}")
