"""What every test shares: a closed network, and marks that choose the database."""

import pytest
from django.db import connection


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if connection.vendor == "postgresql":
        return
    reason = "needs row locks of PostgreSQL: DATABASE_URL=postgres://… make test"
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.skip(reason=reason))
