"""What the simulated Microsoft was asked, from its journal: how much, of what kind, and whether anything was changed."""

from collections import Counter
from typing import Any

# Everything else that is no GET asks Graph to change something.
READING = {"translate", "batch"}
# With which the daily sync begins, in whichever order its two tasks come.
DAILY = {"delta", "subscriptions"}
WORDS = {
    "authorize": "the account page", "token": "tokens", "discovery": "discovery", "keys": "signing keys",
    "identity": "identity", "me": "the profile", "calendar": "the calendar", "calendars": "the list of calendars",
    "list": "pages of appointments", "translate": "translations of up to 1,000 ids",
    "batch": "batches of up to 20 series",
}  # fmt: skip


def of_the_move(journal: list[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    """Up to where the daily sync begins, which asks for a delta first. Other mailboxes have syncs of their own; the sign-in
    is of none."""
    until = next((line["seq"] for line in journal if line["mailbox"] == address and line["operation"] in DAILY), None)
    own = [line for line in journal if line["mailbox"] in (address, None)]
    return [line for line in own if until is None or line["seq"] < until]


def requests(journal: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that went over the wire: the items of a batch travel in it."""
    return [line for line in journal if line["parent"] is None]


def changes(journal: list[dict[str, Any]]) -> list[str]:
    """Requests and items of batches that would change something in a mailbox, each as method and path."""
    asked = [line for line in journal if line["path"].startswith("/v1.0/") or line["parent"] is not None]
    return [
        f"{line['method']} {line['path']}"
        for line in asked
        if line["method"] not in ("GET", "HEAD") and line["operation"] not in READING
    ]


def described(journal: list[dict[str, Any]]) -> str:
    """As in "5 pages of appointments, 6 batches of up to 20 series (113 inside)"."""
    kinds = Counter(line["operation"] for line in requests(journal))
    inside = sum(line["parent"] is not None for line in journal)
    parts = [f"{count} × {WORDS.get(kind, kind)}" for kind, count in kinds.most_common()]
    return ", ".join(parts) + (f"; {inside} questions inside the batches" if inside else "")
