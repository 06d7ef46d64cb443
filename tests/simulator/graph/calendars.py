"""The account, its settings and its calendars."""

from __future__ import annotations

from typing import Any

from tests.simulator import ids, times
from tests.simulator.graph.context import Context
from tests.simulator.graph.errors import malformed, not_found
from tests.simulator.graph.options import PAGING, Options, check_names, page, read_expand, read_orderby, read_select
from tests.simulator.http import Response
from tests.simulator.mailbox import Calendar, Mailbox

_USER = (
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName",
)  # fmt: skip
_ON_SELECT = frozenset(
    ("accountEnabled", "companyName", "country", "createdDateTime", "department", "identities", "mailNickname",
     "otherMails",
     "proxyAddresses", "usageLocation", "userType")
)  # fmt: skip
_CALENDAR = frozenset(
    ("id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems", "canEdit",
     "isTallyingResponses", "isRemovable", "allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "owner")
)  # fmt: skip
_SELECT = frozenset(("$select", "$expand"))


def me(context: Context) -> Response:
    """The account. ``proxyAddresses`` and other rarer properties come only when they are selected."""
    check_names(context, _SELECT)
    select = read_select(context.request.arg("$select"), frozenset(_USER) | _ON_SELECT, "user")
    everything = _user(context.mailbox)
    names = select or _USER
    suffix = f"({','.join(select)})" if select else ""
    answer = {"@odata.context": context.link(f"users{suffix}/$entity")}
    return Response.json(answer | {name: everything.get(name) for name in ("id", *names)})


def _user(mailbox: Mailbox) -> dict[str, Any]:
    given, _, surname = mailbox.name.partition(" ")
    proxies = []
    if mailbox.kind in ("work", "shared"):
        proxies = [f"SMTP:{mailbox.mail or mailbox.address}", *(f"smtp:{alias}" for alias in mailbox.aliases)]
    return {
        "businessPhones": [], "displayName": mailbox.name, "givenName": given or None, "id": mailbox.graph_id,
        "mail": mailbox.mail, "surname": surname or None, "userPrincipalName": mailbox.upn or mailbox.address,
        "preferredLanguage": "en-US", "proxyAddresses": proxies, "otherMails": [], "accountEnabled": True,
        "userType": "Guest" if mailbox.kind == "guest" else "Member", "identities": [],
        "mailNickname": mailbox.address.partition("@")[0],
    }  # fmt: skip


def settings(context: Context) -> Response:
    check_names(context, _SELECT)
    return Response.json({
        "@odata.context": context.link(f"users('{context.mailbox.graph_id}')/mailboxSettings"),
        "timeZone": times.windows_name(context.mailbox.time_zone),
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "timeFormat": "HH:mm", "dateFormat": "yyyy-MM-dd",
    })  # fmt: skip


def time_zones(context: Context) -> Response:
    check_names(context, frozenset())
    what = "Collection(microsoft.graph.timeZoneInformation)"
    return Response.json({"@odata.context": context.link(what), "value": times.supported(context.route.standard)})


def calendars(context: Context) -> Response:
    """The mailbox's calendars, those that others share with it included."""
    check_names(context, PAGING)
    _group(context)
    options, select = _calendar_options(context)
    found = list(context.mailbox.calendars.values())
    for name, downward in reversed(options.orderby):
        found.sort(key=lambda one: str(_calendar(one).get(name)).casefold(), reverse=downward)
    what = f"users('{context.mailbox.graph_id}')/calendars"
    return page(context, found, lambda one: _pick(_calendar(one), select), what, options)


def calendar(context: Context) -> Response:
    check_names(context, _SELECT)
    _, select = _calendar_options(context)
    found = _pick(_calendar(context.calendar()), select)
    what = f"users('{context.mailbox.graph_id}')/calendars/$entity"
    return Response.json({"@odata.context": context.link(what), **found})


def _calendar_options(context: Context) -> tuple[Options, list[str] | None]:
    request = context.request
    read_expand(request.arg("$expand"), frozenset(("events", "calendarView", "calendarPermissions")), "calendar")
    order = read_orderby(request.arg("$orderby"), _CALENDAR.__contains__, "calendar")
    options = Options(orderby=order, count=request.arg("$count") == "true")
    return options, read_select(request.arg("$select"), _CALENDAR, "calendar")


def _pick(found: dict[str, Any], select: list[str] | None) -> dict[str, Any]:
    return found if select is None else {name: found[name] for name in ("id", *select)}


def _calendar(found: Calendar) -> dict[str, Any]:
    own = found.owner.get("address", "").casefold() == (found.mailbox.mail or found.mailbox.address).casefold()
    meetings = found.mailbox.kind == "work"
    return {
        "id": found.id, "name": found.name, "color": found.color, "hexColor": "",
        "isDefaultCalendar": found.is_default, "changeKey": found.change_key, "canShare": own,
        "canViewPrivateItems": own, "canEdit": found.can_edit, "isTallyingResponses": found.is_default,
        "isRemovable": not found.is_default,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"] if meetings else [],
        "defaultOnlineMeetingProvider": "teamsForBusiness" if meetings else "unknown",
        "owner": {"name": found.owner.get("name", ""), "address": found.owner.get("address", "")},
    }  # fmt: skip


def groups(context: Context) -> Response:
    """There is the one group that every mailbox has, which holds all calendars."""
    check_names(context, PAGING)
    one = _group(context)
    what = f"users('{context.mailbox.graph_id}')/calendarGroups"
    if context.route.group is not None:
        return Response.json({"@odata.context": context.link(what + "/$entity"), **one})
    return page(context, [one], lambda found: found, what, Options())


def _group(context: Context) -> dict[str, str]:
    mailbox = context.mailbox
    known = ids.to_rest(ids.folder_id(mailbox.seed, mailbox.address.casefold(), "group", 1))
    wanted = context.route.group
    if wanted not in (None, known):
        raise not_found() if ids.is_well_formed(str(wanted)) else malformed()
    return {
        "id": known, "name": "My Calendars", "classId": "0006f0b7-0000-0000-c000-000000000046",
        "changeKey": ids.change_key(mailbox.seed, mailbox.address, "group"),
    }  # fmt: skip
