"""Readers of single fields: each takes a JSON value and returns it as it is stored, or says what is wrong. Pure."""

import difflib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug

from firms.zones import UnknownZone, iana_zone

Reader = Callable[[Any], Any]

MOST_MINUTES = 2**31 - 1
LONGEST_ADDRESS = 254


class BadLine(ValueError):
    """What is wrong with a line, as a sentence for a person: never a subject, a body or a token."""


class Field(NamedTuple):
    """A field without `required` may be absent or null, and is `default` then."""

    read: Reader
    required: bool = False
    default: Any = None


def read_object(value: Mapping[str, Any], shape: Mapping[str, Field], *, where: str = "") -> dict[str, Any]:
    """Every field of `shape` as stored; raises BadLine. `where` names the object where it lies within another."""
    if not value.keys() <= shape.keys():
        check_names(value, shape, where)
    result = {}
    for name, field in shape.items():
        raw = value.get(name)
        if raw is None and not field.required:
            result[name] = field.default
        elif name not in value:
            raise BadLine(f"{where}{name} is missing")
        else:
            result[name] = read_field(name, raw, field, where)
    return result


def check_names(value: Mapping[str, Any], known: Collection[str], where: str = "") -> None:
    for name in value:
        if name not in known:
            raise BadLine(f"{where}{name[:40]!r} is no field of this type{_hint(name[:40], tuple(known))}")


@lru_cache(maxsize=1024)  # a file with one such line often has it a million times
def _hint(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; is {near[0]} meant?" if near else ""


def read_field(name: str, raw: Any, field: Field, where: str = "") -> Any:
    try:
        return field.read(raw)
    except BadLine as problem:
        raise BadLine(f"{where}{name} {problem}") from None


def text(longest: int | None = None, *, empty: bool = True) -> Reader:
    """Text that both databases can hold; `longest` counts characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise BadLine("must be text")
        if not empty and not value.strip():
            raise BadLine("is empty")
        if longest is not None and len(value) > longest:
            raise BadLine(f"is longer than {longest} characters")
        _refuse_unstorable(value)
        return value

    return read


def opaque_id(longest: int, *, empty: bool = True) -> Reader:
    """An id of another service. `longest` holds for its UTF-8 form too, since an index entry is limited in bytes."""
    as_text = text(longest, empty=empty)

    def read(value: Any) -> str:
        checked: str = as_text(value)
        if not checked.isascii() and len(checked.encode()) > longest:
            raise BadLine(f"is longer than {longest} bytes in UTF-8")
        return checked

    return read


def _refuse_unstorable(value: str) -> None:
    if "\0" in value:
        raise BadLine("holds a NUL character")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadLine("holds half a surrogate pair") from None


def yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadLine("must be true or false")
    return value


def minutes(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MOST_MINUTES:
        raise BadLine("must be a whole number of minutes, 0 or more")
    return value


def texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise BadLine("must be a list of texts")
    return [_short(item) for item in value]


def one_of(*allowed: str) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise BadLine(f"must be one of {', '.join(allowed)}")
        return value

    return read


def slug(value: Any) -> str:
    checked: str = text(100, empty=False)(value)
    try:
        validate_slug(checked)
    except ValidationError:
        raise BadLine("must be letters, digits, hyphens and underscores only") from None
    return checked


def email(value: Any) -> str:
    """Lower case, as accounts are kept."""
    address: str = _address(value).lower()
    if len(address) > LONGEST_ADDRESS or not _is_email(address):  # some letters are longer in lower case
        raise BadLine("is not an e-mail address")
    return address


@lru_cache(maxsize=1024)  # the lines of a member follow each other
def _is_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def zone(value: Any) -> str:
    """The IANA name."""
    try:
        return iana_zone(text(80)(value))
    except UnknownZone:
        raise BadLine("is neither an IANA nor a Windows time zone") from None


def moment(value: Any) -> datetime:
    """An instant (UTC) written with its offset."""
    try:
        instant = datetime.fromisoformat(_short(value))
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadLine("is not an instant with an offset, like 2026-11-01T12:00:00Z")


_short: Reader = text(100)
_address: Reader = text(LONGEST_ADDRESS, empty=False)
