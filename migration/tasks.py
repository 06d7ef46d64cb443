"""Background tasks of the move; ids only as arguments, every one safe to run twice."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from migration import consent
from migration.runs import lifecycle, staging, worker


def advance_run(run_id: int, turn: int) -> None:
    worker.advance(run_id, turn)


def tell_waiting_members(consent_request_id: int) -> int:
    """Members of a firm whose administrator has let us in are told that they can sign in; returns how many."""
    return consent.tell_waiting(consent_request_id)


def sweep_runs() -> int:
    """Takes up runs whose wait is over or whose worker died; returns how many."""
    staging.discard_ended()
    return lifecycle.sweep(timezone.now(), timedelta(seconds=settings.SWEEP_SECONDS))
