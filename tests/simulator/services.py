"""Which of the simulated services an address belongs to."""

from __future__ import annotations

# By what a path begins with; everything else is the Microsoft identity platform's.
_BY_PATH = {
    "/v1.0": "graph",
    "/EWS": "ews",
    "/calendar/": "google",
    "/o/oauth2/": "google",
    "/token": "google",
    "/revoke": "google",
}
NAMES = frozenset(_BY_PATH.values()) | {"identity"}


def name(path: str) -> str:
    """The service of a path."""
    return next((service for prefix, service in _BY_PATH.items() if path.startswith(prefix)), "identity")
