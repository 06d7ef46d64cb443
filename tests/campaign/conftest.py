"""A simulated Microsoft of the campaign's own, with small pages, and times of the product a fraction of a second."""

from collections.abc import Iterator

import pytest

from tests.campaign import faults
from tests.factories import NOW
from tests.simulator.client import Simulator

FRACTIONS = {
    "HTTP_TIMEOUT": faults.TIMEOUT, "RETRY_ATTEMPTS": faults.RETRY_ATTEMPTS, "RETRY_SECONDS": 0.01,
    # No time passes until a lease has run out, which is held now and then: as often in each run only where it is long.
    "SHORT_WAIT_SECONDS": 0.1, "LEASE_SECONDS": 9.0, "SWEEP_SECONDS": 0.5,
}  # fmt: skip


@pytest.fixture(scope="session")
def small_pages() -> Iterator[Simulator]:
    with Simulator.start(page_cap=12) as simulator:
        yield simulator


@pytest.fixture
def outlook(small_pages: Simulator, settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    small_pages.clear_faults()
    small_pages.reset(seed=1, now=NOW.isoformat())
    settings.SIMULATOR_URL, settings.GRAPH_URL = small_pages.url, f"{small_pages.url}/v1.0"
    for name, value in FRACTIONS.items():
        setattr(settings, name, value)
    monkeypatch.setattr("migration.runs.reading.TRANSLATE_LIMIT", 25)
    monkeypatch.setattr("migration.runs.steps.BATCH_LIMIT", 2)
    yield small_pages
    small_pages.clear_faults()


@pytest.fixture(autouse=True)
def moves_alone(no_daily_sync: None) -> None:
    """What a run leaves is looked at before the daily sync goes on from there."""


@pytest.fixture
def everything(pytestconfig: pytest.Config) -> bool:
    return pytestconfig.getoption("--campaign") == "all"
