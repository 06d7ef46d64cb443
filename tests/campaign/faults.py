"""What can befall a request, as rules of the simulator, and which of all combinations make a selection."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import combinations, product
from typing import Any

# Longer than HTTP_TIMEOUT of the campaign.
TIMEOUT = 0.25
DELAY = 0.4
RETRY_ATTEMPTS = 3

FAULTS: dict[str, dict[str, Any]] = {
    "429, wait shortly": {"status": 429, "headers": {"Retry-After": "0.02"}},
    "429, wait long": {"status": 429, "headers": {"Retry-After": "90"}},
    "429, wait": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "503, wait long": {"status": 503, "headers": {"Retry-After": "30"}},
    "504": {"status": 504},
    "cut": {"cut": True},
    "time-out": {"delay": DELAY},
    "truncated": {"truncate": 30},
    "HTML": {"status": 200, "body": "<html>gateway</html>"},
    "half of the JSON": {"status": 200, "body": '{"value": [{"id": "A'},
    "nothing": {"status": 200, "body": ""},
    "another JSON": {"status": 200, "body": {"status": "ok"}},
    "no rows": {"status": 200, "body": {"value": None}},
    "expired token": {"status": 401},
    "refused": {"status": 403},
    "gone": {"status": 404},
    "empty list": {"status": 200, "body": {"value": []}},
}
# Said again and again these are true: then something is gone.
OF_ONE_TIME = {"refused", "gone", "empty list"}
# Of these the service has done its part, and only the answer differs.
AFTER = {"500", "503", "504", "cut", "time-out"}
OF_GRAPH = {"expired token", *OF_ONE_TIME}
# An item of a batch has no connection of its own.
OF_REQUESTS = {"cut", "truncated", "time-out"}


@dataclass(frozen=True, order=True)
class Asked:
    """A request as it can be met again: what it is, which path with which query, and the how-manieth with those."""

    operation: str
    path: str
    nth: int
    in_batch: bool

    @property
    def of_graph(self) -> bool:
        return self.path.startswith("/v1.0/")


@dataclass(frozen=True)
class Variant:
    asked: Asked
    fault: str
    when: str  # "before" or "after" the effect
    times: int
    pace: str  # "one task" or "a task a step"

    @property
    def rule(self) -> dict[str, Any]:
        rule = {**FAULTS[self.fault], "nth": self.asked.nth, "count": self.times, "operation": self.asked.operation}
        if self.fault != "truncated":
            rule["when"] = self.when
        return {**rule, "path": f"^{re.escape(self.asked.path)}$", "batch_item": self.asked.in_batch}

    @property
    def possible(self) -> bool:
        if self.fault in OF_GRAPH and not self.asked.of_graph:
            return False
        if (self.fault in OF_REQUESTS and self.asked.in_batch) or (self.fault in OF_ONE_TIME and self.times > 1):
            return False
        return self.when == "before" or self.fault in AFTER


def requests_in(journal: Iterable[dict[str, Any]]) -> list[Asked]:
    """Every request of an undisturbed run, items of batches too."""
    found: list[Asked] = []
    seen: Counter[tuple[str, str, bool]] = Counter()
    for line in journal:
        pairs = [(name, value) for name, values in line["query"].items() for value in _listed(values)]
        path = line["path"] + ("?" + "&".join(f"{name}={value}" for name, value in pairs) if pairs else "")
        key = (line["operation"], path, line["parent"] is not None)
        seen[key] += 1
        found.append(Asked(line["operation"], path, seen[key], line["parent"] is not None))
    return sorted(found)


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


def all_variants(asked: Sequence[Asked]) -> list[Variant]:
    combined = product(asked, FAULTS, ("before", "after"), (1, RETRY_ATTEMPTS), ("one task", "a task a step"))
    return [variant for variant in (Variant(*each) for each in combined) if variant.possible]


def pairwise(variants: Sequence[Variant]) -> list[Variant]:
    """So many of them that every two values of kind of request, fault, moment, times and pace that occur together, do so
    in the selection, and that every request is among them."""
    open_pairs = {pair for variant in variants for pair in _pairs(variant)}
    selected: list[Variant] = []
    groups: dict[tuple[Any, ...], list[Variant]] = {}
    for variant in variants:
        groups.setdefault((_kind(variant.asked), variant.fault), []).append(variant)
    # Kind and fault have the most values: one of each two, that which brings the most that is new.
    for group in [*groups.values(), *([variant] for variant in variants)]:
        best = max(group, key=lambda variant: len(_pairs(variant) & open_pairs))
        if _pairs(best) & open_pairs:
            selected.append(best)
            open_pairs -= _pairs(best)
    return selected


def _kind(asked: Asked) -> tuple[str, bool]:
    return asked.operation, asked.in_batch


def _pairs(variant: Variant) -> set[tuple[Any, ...]]:
    _, *others = astuple(variant)
    return {*combinations(enumerate([_kind(variant.asked), *others]), 2), (variant.asked,)}
