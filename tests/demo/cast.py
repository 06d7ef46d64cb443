"""Who is in the demo, and with what figures. None of these firms and people exists."""

import uuid
from dataclasses import dataclass

PASSWORD = "try the demo"


@dataclass(frozen=True)
class Person:
    """A member; `deleted` of their `total` events are gone from Outlook, `renumbered` have lost both ids there."""

    name: str
    email: str
    total: int
    deleted: int = 0
    renumbered: int = 0
    role: str = "member"
    time_zone: str = "America/New_York"

    @property
    def by_id(self) -> int:
        return self.total - self.deleted - self.renumbered


@dataclass(frozen=True)
class Firm:
    slug: str
    name: str
    provider: str
    flagged: bool
    people: tuple[Person, ...]


ADA = Person("Ada Byron", "ada@harperwolfe.example", 5000, deleted=12, renumbered=40)
BEN = Person("Ben Carrow", "ben@harperwolfe.example", 250, deleted=1, renumbered=3, time_zone="America/Chicago")
CORA = Person("Cora Lindqvist", "cora@harperwolfe.example", 1200, deleted=4, renumbered=9, role="administrator")
DORA = Person("Dora Mills", "dora@millsandvane.example", 300, deleted=2, role="administrator")
EGON = Person("Egon Vane", "egon@millsandvane.example", 120, renumbered=2, time_zone="America/Los_Angeles")
GWEN = Person("Gwen Quill", "gwen@quillmarsh.example", 200, role="administrator")
HUGO = Person("Hugo Marsh", "hugo@quillmarsh.example", 80)

FIRMS = (
    Firm("harper-wolfe", "Harper & Wolfe LLP", "outlook", True, (ADA, BEN, CORA)),
    Firm("mills-vane", "Mills & Vane", "outlook", False, (DORA, EGON)),
    Firm("quill-marsh", "Quill Marsh Partners", "google", False, (GWEN, HUGO)),
)
# The account of Ben's own that he signs in with by mistake.
BENS_OWN = "ben.carrow@postbox.example"

ROLLOUT = ("Rosa Flagg", "rollout@caretsync.example", "Rollout")
SUPPORT = ("Sam Ticketer", "support@caretsync.example", "Support")
SUPERUSER = ("Ursula Root", "admin@caretsync.example", "")


def tenant(firm: Firm) -> str:
    """The organization of a firm at Microsoft, the same at every start."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{firm.slug}.example"))
