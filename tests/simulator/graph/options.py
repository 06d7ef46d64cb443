"""Query options: what a request may ask for, and paging."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

from tests.simulator.graph.context import Context, whole
from tests.simulator.graph.errors import bad, unknown_property
from tests.simulator.http import Response

Item = TypeVar("Item")
LARGEST_PAGE = 1000
_EXPAND = re.compile(r"\s*(\w+)\s*(?:\((.*)\))?\s*\Z", re.DOTALL)
DEFAULT_PAGE = 10
PAGING = frozenset(("$select", "$top", "$skip", "$orderby", "$filter", "$expand", "$count"))


@dataclass
class Options:
    """The options as they were read; ``select`` is None where all properties are wanted."""

    select: list[str] | None = None
    expand: dict[str, dict[str, str]] = field(default_factory=dict)
    filter: str | None = None
    orderby: list[tuple[str, bool]] = field(default_factory=list)
    count: bool = False


def check_names(context: Context, allowed: frozenset[str]) -> None:
    """Refuse options that the resource does not have, and options given twice. Raises :class:`GraphError`."""
    for name, values in context.request.query.items():
        if name not in allowed:
            raise bad(f"The query parameter '{name}' is not supported.")
        if len(values) > 1:
            raise bad(f"Query option '{name}' was specified more than once, but it must be specified at most once.")


def split(text: str, separator: str = ",") -> list[str]:
    """Parts between separators outside parentheses and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for position, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif not quoted:
            depth += (sign == "(") - (sign == ")")
            if sign == separator and depth == 0:
                parts.append(text[start:position])
                start = position + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def read_select(text: str | None, known: frozenset[str], kind: str) -> list[str] | None:
    """The properties asked for; raises :class:`GraphError` for one that there is not."""
    if text is None:
        return None
    names = split(text)
    for name in names:
        if name not in known:
            raise unknown_property(name, kind)
    return None if not names or "*" in names else names


def read_expand(text: str | None, relations: frozenset[str], kind: str) -> dict[str, dict[str, str]]:
    """The relations asked for, each with the options in its parentheses; raises :class:`GraphError`."""
    found: dict[str, dict[str, str]] = {}
    for part in split(text or ""):
        match = _EXPAND.match(part)
        if match is None:
            raise bad(f"Invalid $expand clause: '{part}'.")
        if match[1] not in relations:
            raise unknown_property(match[1], kind)
        pairs = [option.partition("=") for option in split(match[2] or "", ";")]
        found[match[1]] = {name.strip(): value.strip() for name, _, value in pairs}
    return found


def read_orderby(text: str | None, known: Callable[[str], bool], kind: str) -> list[tuple[str, bool]]:
    """Property paths, each with whether it goes downward; raises :class:`GraphError`."""
    found = []
    for part in split(text or ""):
        name, _, direction = part.partition(" ")
        if direction.strip().casefold() not in ("", "asc", "desc"):
            raise bad(f"Syntax error in $orderby: '{part}'.")
        if not known(name):
            raise unknown_property(name, kind)
        found.append((name, direction.strip().casefold() == "desc"))
    return found


def page(
    context: Context, items: Sequence[Item], render: Callable[[Item], Any], what: str, options: Options
) -> Response:
    """One page of a list with the link to the next.

    The link counts what to skip, as the service's does: a deletion between two pages shifts the rest up by one.
    """
    query = context.request.query
    skip = whole(context.request.arg("$skip"), "$skip") if "$skip" in query else 0
    size = context.prefer.page_size or DEFAULT_PAGE
    if "$top" in query:
        size = whole(context.request.arg("$top"), "$top")
        if size == 0:
            raise bad("Invalid value '0' for $top query option found. The value must be between 1 and 1000.")
    size = min(size, context.page_cap, LARGEST_PAGE)
    answer: dict[str, Any] = {"@odata.context": context.link(what)}
    if options.count:
        answer["@odata.count"] = len(items)
    answer["value"] = [render(item) for item in items[skip : skip + size]]
    if skip + size < len(items):
        answer["@odata.nextLink"] = _next(context, skip + size)
    return Response.json(answer)


def _next(context: Context, skip: int) -> str:
    """The request's own address with another ``$skip``; ``$`` stays readable, all else is encoded."""
    pairs = {name: values[0] for name, values in context.request.query.items()} | {"$skip": str(skip)}
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='$,/')}" for name, value in pairs.items())
    return f"{context.request.base_url}{context.request.path}?{query}"
