"""``$filter``: comparisons, ``and``, ``or``, ``not``, text functions, and ``Any`` over extended properties."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator import extended, times
from tests.simulator.drafts import is_organizer
from tests.simulator.events import EXTENDED, PROPERTIES, Event
from tests.simulator.graph.errors import GraphError, bad, unknown_property

Test = Callable[[Event], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)*)|(?P<sign>[(),:]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith, "endswith": str.endswith, "contains": str.__contains__,
}  # fmt: skip
_MOMENTS = frozenset(("start/dateTime", "end/dateTime", "createdDateTime", "lastModifiedDateTime", "originalStart"))


@dataclass
class Token:
    kind: str
    text: str


def known_path(path: str) -> bool:
    """Is this a property, or one within a property, that events have?"""
    return path.partition("/")[0] in PROPERTIES


def value_of(event: Event, path: str) -> Any:
    """What a path names, ready to compare: instants as such, texts casefolded as Exchange compares them."""
    if path == "start/dateTime":
        return event.start
    if path == "end/dateTime":
        return event.end
    if path == "originalStart":
        return event.master.slot_start(event.slot) if event.master and event.slot else None
    if path in _MOMENTS:
        return times.parse_utc(event.get(path))
    computed = {"type": event.type, "isOrganizer": is_organizer(event.data, event.mailbox)}
    head, *rest = path.split("/")
    found = computed.get(head, event.get(head))
    for name in rest:
        found = found.get(name) if isinstance(found, dict) else None
    return found.casefold() if isinstance(found, str) else found


def sort_key(event: Event, path: str) -> tuple[bool, Any]:
    """A key for ``$orderby``: what is not there comes first."""
    found = value_of(event, path)
    return (found is not None, found if found is not None else "")


def _tokens(text: str) -> list[Token]:
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise bad(f"Invalid filter clause: syntax error at position {position} in '{text}'.")
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def parse(text: str) -> Test:
    """The test that a filter describes; raises :class:`GraphError` 400 for what it cannot be."""
    parser = _Parser(_tokens(text), text)
    test = parser.any_of()
    if parser.tokens:
        raise parser.error()
    return test


class _Parser:
    """Recursive descent over the tokens, which it eats from the front."""

    def __init__(self, tokens: list[Token], source: str) -> None:
        self.tokens, self.source = tokens, source

    def error(self) -> GraphError:
        return bad(f"Invalid filter clause: syntax error in '{self.source}'.")

    def next(self, kind: str, *texts: str) -> str:
        if not self.tokens or not self.at(kind, *texts):
            raise self.error()
        return self.tokens.pop(0).text

    def at(self, kind: str, *texts: str) -> bool:
        if not self.tokens or self.tokens[0].kind != kind:
            return False
        return not texts or self.tokens[0].text.casefold() in texts

    def any_of(self) -> Test:
        parts = [self.all_of()]
        while self.at("name", "or"):
            self.next("name")
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda event: any(part(event) for part in parts)

    def all_of(self) -> Test:
        parts = [self.single()]
        while self.at("name", "and"):
            self.next("name")
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else lambda event: all(part(event) for part in parts)

    def single(self) -> Test:
        if self.at("sign", "("):
            self.next("sign")
            test = self.any_of()
            self.next("sign", ")")
            return test
        if self.at("name", "not"):
            self.next("name")
            test = self.single()
            return lambda event: not test(event)
        name = self.next("name")
        if name.casefold() in _FUNCTIONS and self.at("sign", "("):
            return self.function(_FUNCTIONS[name.casefold()])
        if name.casefold() == f"{EXTENDED}/any".casefold():
            return self.extended()
        return self.comparison(name)

    def path(self, name: str) -> str:
        if not known_path(name):
            raise unknown_property(name, "event")
        return name

    def function(self, compare: Callable[[str, str], bool]) -> Test:
        self.next("sign", "(")
        path = self.path(self.next("name"))
        self.next("sign", ",")
        wanted = _unquote(self.next("text")).casefold()
        self.next("sign", ")")
        return lambda event: compare(str(value_of(event, path) or ""), wanted)

    def comparison(self, name: str) -> Test:
        path = self.path(name)
        compare = _COMPARE[self.next("name", *_COMPARE).casefold()]
        wanted = self.value(path)
        equality = compare in (operator.eq, operator.ne)

        def test(event: Event) -> bool:
            found = value_of(event, path)
            if found is None or wanted is None:
                return equality and compare(found, wanted)
            return type(found) is type(wanted) and compare(found, wanted)

        return test

    def value(self, path: str) -> Any:
        token = self.tokens.pop(0) if self.tokens else Token("", "")
        text = _unquote(token.text)
        if path in _MOMENTS and token.kind in ("text", "time"):
            try:
                return times.parse_utc(text if "T" in text else text + "T00:00:00")
            except ValueError as error:
                raise self.error() from error
        words = {"true": True, "false": False, "null": None}
        if token.kind == "name" and token.text.casefold() in words:
            return words[token.text.casefold()]
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "text" and path not in _MOMENTS:
            return text.casefold()
        raise self.error()

    def extended(self) -> Test:
        """``Any(ep: ep/id eq '…' and ep/value eq '…')``: the name's case counts, the value's does not."""
        self.next("sign", "(")
        variable = self.next("name")
        self.next("sign", ":")
        self.next("name", f"{variable}/id".casefold())
        self.next("name", "eq")
        key = extended.canonical(_unquote(self.next("text")))
        test: Callable[[str], bool] = lambda value: True  # noqa: E731
        if self.at("name", "and"):
            self.next("name")
            test = self.extended_value(variable)
        self.next("sign", ")")
        return lambda event: key in event.extended and test(event.extended[key].casefold())

    def extended_value(self, variable: str) -> Callable[[str], bool]:
        value = f"{variable}/value".casefold()
        if self.at("name", *_FUNCTIONS):
            function = _FUNCTIONS[self.next("name").casefold()]
            self.next("sign", "(")
            self.next("name", value)
            self.next("sign", ",")
            wanted = _unquote(self.next("text")).casefold()
            self.next("sign", ")")
            return lambda held: function(held, wanted)
        self.next("name", value)
        same = self.next("name", "eq", "ne").casefold() == "eq"
        wanted = _unquote(self.next("text")).casefold()
        return lambda held: (held == wanted) is same


def _unquote(text: str) -> str:
    return text[1:-1].replace("''", "'") if text.startswith("'") else text


def extended_ids(text: str) -> list[str]:
    """The ids in ``singleValueExtendedProperties($filter=id eq '…' or id eq '…')``; raises :class:`GraphError`."""
    tokens = _tokens(text)
    if not tokens:
        raise bad("The expand of singleValueExtendedProperties needs a $filter on id.", "ErrorInvalidUrlQueryFilter")
    found = []
    parser = _Parser(tokens, text)
    while True:
        parser.next("name", "id", "ep/id")
        parser.next("name", "eq")
        found.append(extended.canonical(_unquote(parser.next("text"))))
        if not parser.tokens:
            return found
        parser.next("name", "or")
