"""Time zones by any of their names. Pure."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import tz_win, win_tz


class UnknownZone(ValueError):
    """No IANA and no Windows zone has this name."""


# Not zones to be in: whatever this machine is set to, and what a machine not yet set up shows.
NO_ZONES = {"localtime", "Factory"}


@cache
def _by_casefolded_name() -> dict[str, str]:
    names = {name.casefold(): name for name in win_tz}
    return {windows: win_tz[name] for windows, name in names.items()} | {
        name.casefold(): name for name in available_timezones() - NO_ZONES
    }


@cache
def iana_zone(name: str) -> str:
    """The IANA name of a zone given by its IANA or Windows name, in any case; raises UnknownZone."""
    try:
        return _by_casefolded_name()[name.strip().casefold()]
    except KeyError:
        raise UnknownZone(f"{name[:80]!r} is neither an IANA nor a Windows time zone.") from None


@cache
def zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(iana_zone(name))


# Zones that Windows knows and its map of names does not.
_UNMAPPED = {
    "GMT": "UTC", "EST5EDT": "Eastern Standard Time", "CST6CDT": "Central Standard Time",
    "MST7MDT": "Mountain Standard Time", "PST8PDT": "Pacific Standard Time", "US/East-Indiana": "US Eastern Standard Time",
    "Europe/Uzhgorod": "FLE Standard Time", "Europe/Zaporozhye": "FLE Standard Time",
}  # fmt: skip
# The clocks of a zone and of its Windows namesake are compared week by week over these years: the map is older than
# some countries' rules.
_COMPARED = [datetime(2026, 1, 4, 12, tzinfo=UTC) + timedelta(weeks=week) for week in range(5 * 52)]


@cache
def windows_zone(name: str) -> str:
    """The Windows name of a zone given by any of its names; zones of one name there keep the same time.

    Raises UnknownZone, also where Windows has no zone with the same clock.
    """
    iana = iana_zone(name)
    windows = tz_win.get(iana) or _UNMAPPED.get(iana, "")
    if windows not in win_tz:
        raise UnknownZone(f"Windows has no name for {iana}.")
    here, there = ZoneInfo(iana), ZoneInfo(win_tz[windows])
    if any(moment.astimezone(here).utcoffset() != moment.astimezone(there).utcoffset() for moment in _COMPARED):
        raise UnknownZone(f"Windows keeps another time than {iana}.")
    return windows
