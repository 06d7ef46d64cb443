"""Microsoft Graph v1.0, as far as calendars need it."""

from __future__ import annotations

from tests.simulator.graph.dispatch import bad_request, describe, handle, throttled

__all__ = ["bad_request", "describe", "handle", "throttled"]
