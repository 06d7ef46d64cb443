"""Time zones by any of their names. Pure."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz


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
