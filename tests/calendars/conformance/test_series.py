"""The engine's stories of series, told of each service."""

import pytest

from tests.calendars.sync.test_series import *  # noqa: F403
from tests.calendars.sync.test_series import (
    test_a_date_that_is_put_back_is_told_where_the_service_can,
    test_and_refused_with_a_reason_where_it_cannot,
)

can = pytest.mark.parametrize("world", ["google"], indirect=True)
cannot = pytest.mark.parametrize("world", ["graph", "ews"], indirect=True)
test_a_date_that_is_put_back_is_told_where_the_service_can = can(
    test_a_date_that_is_put_back_is_told_where_the_service_can
)
test_and_refused_with_a_reason_where_it_cannot = cannot(test_and_refused_with_a_reason_where_it_cannot)
