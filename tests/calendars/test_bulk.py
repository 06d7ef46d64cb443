"""Rows written in bulk: what the database refuses is told alike on both, and to whoever imports in a sentence."""

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, transaction

from calendars import bulk
from firms.models import Firm, User
from tests.calendars.import_samples import Importer, firm, people
from tests.calendars.racing import in_turn


@pytest.mark.django_db
def test_a_row_that_breaks_a_constraint_is_refused_with_the_rest_of_its_kind():
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.write(Firm, [Firm(slug="one", name="One"), Firm(slug="two", name="Two"), Firm(slug="one", name="Again")])
    assert not Firm.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_import_that_finds_its_rows_made_meanwhile_says_so_and_can_be_run_again(tmp_path):
    importer = Importer(tmp_path)

    def import_beside_it() -> None:
        with pytest.raises(CommandError, match="Somebody changed the same rows meanwhile; nothing was imported"):
            importer.run(*people())

    in_turn(lambda: Firm.objects.create(slug=firm()["slug"], name="By hand"), import_beside_it)
    assert (Firm.objects.get().name, User.objects.count()) == ("By hand", 0)
    importer.again()
    assert (Firm.objects.get().name, User.objects.count()) == ("By hand", 1)
