"""What the calendar's templates need of entries."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.urls import reverse

from calendars import wording
from calendars.agenda import Entry

register = template.Library()


@register.filter
def at(values: Mapping[Any, Any], key: Any) -> Any:
    return values.get(key)


@register.filter
def address(entry: Entry) -> str:
    """The page of an event, or of one date of a series."""
    if entry.slot:
        return reverse("occurrence", args=[entry.event.pk, entry.slot])
    return reverse("event", args=[entry.event.pk])


register.filter("reminder", wording.reminder)
register.filter("repeats", wording.repeats)
register.filter("short_clock", wording.short_clock, expects_localtime=True)
register.filter("when", wording.when)
