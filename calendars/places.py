"""What the zone database says of where people are: the zones to choose from, and with them the first day of the week.
Pure."""

from functools import cache
from importlib import resources

# CLDR's week data: countries whose week does not begin on a Monday, as ISO and most of the world have it.
_WEEKS = {
    "AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY": 5,
    "AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK": 6,
    "PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW": 6,
    "MV": 4,
}
_FIRST_DAYS = {country: day for countries, day in _WEEKS.items() for country in countries.split()}


def first_weekday(zone: str) -> int:
    """On which day weeks begin where clocks show `zone` (IANA), as `date.weekday` counts: 0 is Monday."""
    country = _countries().get(zone) or _countries().get(_other_names().get(zone, ""), "")
    return _FIRST_DAYS.get(country, 0)


@cache
def zones() -> tuple[str, ...]:
    """One name for each zone that people live in, and UTC."""
    return (*sorted(_countries()), "UTC")


def place(zone: str) -> str:
    """ "America/New_York" is a name for programs."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


@cache
def _countries() -> dict[str, str]:
    lines = _table("zone.tab").splitlines()
    return {fields[2]: fields[0] for line in lines if not line.startswith("#") and (fields := line.split("\t"))}


@cache
def _other_names() -> dict[str, str]:
    """US/Eastern → America/New_York."""
    links = (line.split() for line in _table("tzdata.zi").splitlines() if line.startswith("L "))
    return {alias: name for _, name, alias in links}


def _table(name: str) -> str:
    return (resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="ascii")
