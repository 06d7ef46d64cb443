"""Who may do what: every page and action of the site, as everybody there is, by real requests (`table.txt`).

A new address fails here until it has its rows; what a row needs is put into `addresses`. That the pages show the right
things to whom they are open is told by their own tests.
"""

import pytest
import time_machine

from tests.factories import NOW
from tests.permissions import world as worlds
from tests.permissions.asking import ask
from tests.permissions.table import METHODS, ROLES, names_of_the_site, rows


def test_every_address_of_the_site_is_in_the_table():
    missing = {(method, name) for method in METHODS for name in names_of_the_site()} - {
        (row.method, row.name) for row in rows()
    }
    assert missing == set(), "say in tests/permissions/table.txt who may do this"


def test_the_table_names_nothing_twice_and_nothing_that_is_gone():
    named = [str(row) for row in rows()]
    assert {one for one in named if named.count(one) > 1} == set()
    assert {row.name for row in rows()} - names_of_the_site() == set()


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_each_cell(simulator, role):
    with time_machine.travel(NOW, tick=False):
        world = worlds.build()
        browser = world.browser(role)
        wrong = {}
        for row in rows():
            cell = ask(browser, row, world)
            if cell != row.cells[role]:
                wrong[f"line {row.line}: {row}"] = f"{cell}, not {row.cells[role]}"
    assert wrong == {}
