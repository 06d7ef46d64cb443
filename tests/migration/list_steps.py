"""Lists of new addresses, as the tests of them look at them and approve them."""

from datetime import timedelta
from typing import Any

from firms.models import Firm
from migration import address_changes
from migration.address_changes import Kind
from migration.models import AddressChange
from tests.factories import NOW, StaffFactory

NEW = "ada@king.example"
LASTS = timedelta(days=30)


def planned(firm: Firm, text: str, kind: Kind = Kind.SAME_MAILBOX) -> list[address_changes.Line]:
    return address_changes.plan(firm, text, kind=kind, now=NOW)


def approved(firm: Firm, text: str, kind: Kind = Kind.SAME_MAILBOX, **more: Any) -> list[AddressChange]:
    seen = address_changes.digest(firm, kind, planned(firm, text, kind))
    fields = {"actor": StaffFactory(), "note": "told by their office", "lasts": LASTS, "now": NOW, "seen": seen}
    return address_changes.approve(firm=firm, text=text, kind=kind, **{**fields, **more})
