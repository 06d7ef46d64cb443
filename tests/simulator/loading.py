"""Mailboxes, calendars and appointments from the JSON that ``/_sim/`` takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from typing import Any

from tests.simulator import drafts, extended, ids, recurrence, times
from tests.simulator.events import EXTENDED, GOOGLE, PROPERTIES, Event
from tests.simulator.google.mailbox import GoogleMailbox
from tests.simulator.mailbox import Calendar, Mailbox
from tests.simulator.world import PERSONAL_TENANT, World

_MAILBOX_KEYS = {
    "address", "provider", "tid", "oid", "upn", "mail", "aliases", "kind", "name", "timeZone", "calendars",
}  # fmt: skip
_CALENDAR_KEYS = {"name", "default", "owner", "ewsFolderId", "canEdit", "color", "events"}
_OWN_KEYS = {"ref", "ewsId", "translates", "exceptions", "cancelled", GOOGLE}
_SERVED_KEYS = {"id", "type", "seriesMasterId", "webLink", "originalStart", "restId", "immutableId"}
_KINDS = ("work", "personal", "guest", "shared", "onpremises")
_TRANSLATES = ("ok", "error", "absent")


class ControlError(ValueError):
    """A call to ``/_sim/`` that cannot be carried out; the message says why."""


def check_keys(spec: Any, known: Set[str], what: str) -> dict[str, Any]:
    """The object as it is; raises :class:`ControlError` for no object and for keys nobody reads."""
    if not isinstance(spec, dict):
        raise ControlError(f"{what} must be an object")
    unknown = sorted(key for key in spec if key not in known and not key.startswith("@odata."))
    if unknown:
        raise ControlError(f"{what}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return spec


def one_of(value: Any, choices: tuple[str, ...], what: str) -> str:
    if value not in choices:
        raise ControlError(f"{what} must be one of {', '.join(choices)}, not {value!r}")
    return str(value)


def text(spec: dict[str, Any], name: str, what: str) -> str:
    value = spec.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ControlError(f"{what}: {name} must be a text")
    return value


def load_mailbox(world: World, spec: Any) -> Mailbox:
    """A mailbox with everything in it, put into the world; raises :class:`ControlError` and changes nothing then."""
    check_keys(spec, _MAILBOX_KEYS, "mailbox")
    address = text(spec, "address", "mailbox")
    mailbox = _account(world.seed, address, spec)
    created = world.started - dt.timedelta(days=30)
    calendars = spec.get("calendars")
    if calendars is None:
        calendars = [{"name": "Calendar", "default": True}]
    if not isinstance(calendars, list):
        raise ControlError("mailbox: calendars must be a list")
    for number, calendar in enumerate(calendars, 1):
        _load_calendar(mailbox, calendar, number, created)
    if mailbox.calendars and mailbox.default_calendar is None:
        next(iter(mailbox.calendars.values())).is_default = True
    world.add_mailbox(mailbox)
    return mailbox


def _account(seed: str, address: str, spec: dict[str, Any]) -> Mailbox:
    kind = one_of(spec.get("kind", "work"), _KINDS, "kind")
    domain = address.rpartition("@")[2].casefold()
    if "@" not in address or not domain:
        raise ControlError(f"mailbox: {address!r} is no address")
    aliases = spec.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise ControlError("mailbox: aliases must be a list of addresses")
    upn = address
    if kind == "guest":
        upn = f"{address.replace('@', '_')}#EXT#@host.onmicrosoft.example"
    oid = ids.guid(seed, "oid", address.casefold())
    if kind == "personal":
        oid = "00000000-0000-0000-" + ids.guid(seed, "oid", address.casefold())[19:]
    zone = spec.get("timeZone", "UTC")
    _check_zone(zone, "mailbox")
    provider = one_of(spec.get("provider", "outlook"), ("outlook", "google"), "provider")
    return (GoogleMailbox if provider == "google" else Mailbox)(
        address=address,
        provider=provider,
        tid=spec.get("tid") or (PERSONAL_TENANT if kind == "personal" else ids.guid(seed, "tid", domain)),
        oid=spec.get("oid") or oid,
        upn=spec.get("upn") or upn,
        mail=spec.get("mail", address),
        aliases=list(aliases),
        kind=kind,
        name=spec.get("name") or address.partition("@")[0].replace(".", " ").title(),
        time_zone=zone,
        seed=seed,
    )


def _check_zone(name: Any, what: str) -> None:
    try:
        times.zone(name)
    except (times.UnknownZone, TypeError) as error:
        raise ControlError(f"{what}: unknown time zone {name!r}") from error


def _load_calendar(mailbox: Mailbox, spec: Any, number: int, created: dt.datetime) -> None:
    check_keys(spec, _CALENDAR_KEYS, "calendar")
    own = {"name": mailbox.name, "address": mailbox.mail or mailbox.address}
    owner = check_keys(spec.get("owner") or own, {"name", "address"}, "owner")
    shared = owner.get("address", "").casefold() != own["address"].casefold()
    ews_id = spec.get("ewsFolderId") or mailbox.folder_id(number)
    calendar = Calendar(
        mailbox, text(spec, "name", "calendar"), ews_id, bool(spec.get("default")), owner,
        bool(spec.get("canEdit", not shared)), spec.get("color", "auto"),
        ids.change_key(mailbox.seed, mailbox.address, "calendar", number),
    )  # fmt: skip
    if calendar.is_default and mailbox.default_calendar is not None:
        raise ControlError("mailbox: two calendars are the default")
    if calendar.id in mailbox.calendars:
        raise ControlError(f"calendar: ewsFolderId {ews_id!r} is there twice")
    mailbox.calendars[calendar.id] = calendar
    events = spec.get("events", [])
    if not isinstance(events, list):
        raise ControlError("calendar: events must be a list")
    for event in events:
        load_event(calendar, event, created)


def load_event(calendar: Calendar, spec: Any, created: dt.datetime, now: dt.datetime | None = None) -> Event:
    """A new appointment with its exceptions; raises :class:`ControlError`. Without ``now`` it was changed when made."""
    check_keys(spec, PROPERTIES | _OWN_KEYS | _SERVED_KEYS | {EXTENDED}, "event")
    mailbox, what = calendar.mailbox, f"event {spec.get('ref') or spec.get('subject')!r}"
    ews, immutable = mailbox.ids_for(spec.get("ewsId"))
    # Seconds apart, so that sorting by time of creation means something.
    made = created + dt.timedelta(seconds=len(mailbox.refs) + len(calendar.events))
    data = drafts.complete(_properties(spec, what), mailbox, made, immutable)
    try:
        event = Event(calendar, data, ews, immutable)
        if event.is_master:
            recurrence.rule(data["recurrence"])
    except ValueError as error:
        raise ControlError(f"{what}: {error}") from error
    _finish(event, spec, what)
    kept = {key: spec[key] for key in ("lastModifiedDateTime", "changeKey") if spec.get(key)}
    mailbox.add(event, now or made)
    data.update(kept)
    try:
        for exception in spec.get("exceptions") or []:
            _load_exception(event, exception, now or made)
        for day in spec.get("cancelled") or []:
            event.cancelled.add(_slot(event, day, what))
    except ControlError:
        mailbox.forget(event)
        raise
    return event


def _properties(spec: dict[str, Any], what: str) -> dict[str, Any]:
    data = {key: value for key, value in spec.items() if key in PROPERTIES | {GOOGLE} and key not in _SERVED_KEYS}
    for side in ("start", "end"):
        try:
            times.local(data.get(side))
        except times.UnknownZone as error:
            raise ControlError(f"{what}: {side} has the unknown time zone {error}") from error
        except ValueError as error:
            raise ControlError(f"{what}: {side}: {error}") from error
    return data


def _finish(event: Event, spec: dict[str, Any], what: str) -> None:
    """What ``/_sim/`` says of an event beyond Graph's properties."""
    if event.end < event.start:
        raise ControlError(f"{what}: the end is before the start")
    if event.is_all_day and (event.start.time() != dt.time() or event.end.time() != dt.time()):
        raise ControlError(f"{what}: an all-day event starts and ends at midnight")
    ref = spec.get("ref")
    known = event.mailbox.refs
    if ref is not None and (not isinstance(ref, str) or ref in known):
        raise ControlError(f"{what}: ref must be a text that no other event of the mailbox has")
    if event.mailbox.find_ews(event.ews_id) not in (None, event):
        raise ControlError(f"{what}: ewsId {event.ews_id!r} is there twice")
    event.ref = ref
    event.translates = one_of(spec.get("translates", "ok"), _TRANSLATES, f"{what}: translates")
    event.extended.update(extended.read(spec.get(EXTENDED)))


def _slot(master: Event, value: Any, what: str) -> dt.date:
    """The day of the pattern that a date, or an instant, names."""
    if not master.is_master:
        raise ControlError(f"{what}: only a series has exceptions and cancelled occurrences")
    try:
        slot = dt.date.fromisoformat(value) if "T" not in str(value) else master.day_of(times.parse_utc(value))
    except (ValueError, TypeError) as error:
        raise ControlError(f"{what}: {value!r} is neither a date nor a time") from error
    if not master.has_slot(slot):
        raise ControlError(f"{what}: the series has no occurrence on {slot}")
    return slot


def _load_exception(master: Event, spec: Any, now: dt.datetime) -> None:
    check_keys(spec, PROPERTIES | _OWN_KEYS | _SERVED_KEYS | {EXTENDED}, "exception")
    what = f"exception {spec.get('ref')!r} of {master.ref!r}"
    slot = _slot(master, spec.get("originalStart"), what)
    event = master.occurrence(slot)
    event.extended = dict(event.extended)
    given = _properties({**event.data, **spec}, what)
    changes = {key: value for key, value in given.items() if key in spec}
    try:
        event.mailbox.change(event, drafts.refine(changes), now)
    except ValueError as error:
        raise ControlError(f"{what}: {error}") from error
    if spec.get("ewsId"):
        event.mailbox.unindex(event)
        event.ews_id = spec["ewsId"]
    _finish(event, spec, what)
    event.mailbox.index(event)


def load_slot(master: Event, value: Any) -> dt.date:
    """The day of one occurrence of a series, named by date or instant; raises :class:`ControlError`."""
    return _slot(master, value, f"event {master.ref!r}")
