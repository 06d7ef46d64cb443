"""The table of who may do what, read from `table.txt`, and the addresses of the site that it has to have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

TABLE = Path(__file__).with_name("table.txt")
ROLES = (
    "anonymous", "owner", "same_firm", "other_firm", "firm_admin", "rollout", "support", "superuser", "as_owner",
)  # fmt: skip
METHODS = ("GET", "POST")


@dataclass(frozen=True)
class Row:
    """`name` is the URL's, or its route where it has none; `variant` tells several requests to one URL apart. `cells`: by
    role the status of the answer, "login" where it leads to the login page; with a "+" where anything was written."""

    line: int
    method: str
    name: str
    variant: str
    cells: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.name}{'#' + self.variant if self.variant else ''}"


def rows() -> list[Row]:
    return [row for number, line in enumerate(TABLE.read_text().splitlines(), 1) for row in _rows(number, line)]


def _rows(number: int, line: str) -> Iterator[Row]:
    """`GET,POST admin:firms_{firm,user}_add` is four rows; one cell alone is that of all roles."""
    if not line.strip() or line.startswith("#"):
        return
    methods, names, *cells = line.split()
    if len(cells) == 1:
        cells *= len(ROLES)
    assert len(cells) == len(ROLES), f"line {number} of {TABLE.name} has {len(cells)} cells for {len(ROLES)} roles"
    for method, name in product(methods.split(","), _spelled_out(names)):
        name, _, variant = name.partition("#")
        yield Row(number, method, name, variant, dict(zip(ROLES, cells, strict=True)))


def _spelled_out(names: str) -> list[str]:
    """`x_{a,b}_y` is `x_a_y` and `x_b_y`."""
    found = re.search(r"\{([^{}]+)\}", names)
    if found is None:
        return [names]
    return [
        spelled
        for one in found[1].split(",")
        for spelled in _spelled_out(names[: found.start()] + one + names[found.end() :])
    ]


def names_of_the_site() -> set[str]:
    return set(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, space: str, route: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else here
        else:
            yield from _walk(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space, here)
