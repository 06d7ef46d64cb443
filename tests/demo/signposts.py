"""What the demo says at its end: who can log in where."""

from tests.demo.cast import ADA, BEN, BENS_OWN, CORA, FIRMS, PASSWORD, ROLLOUT, SUPERUSER, SUPPORT, Person

WHAT = {
    ADA: "has just moved: see her report",
    BEN: "has just moved, after a sign-in with the wrong account",
    CORA: "not moved yet: log in and try it",
}
ELSE = {"outlook": "sees nothing of the move until you flag the firm", "google": "is not concerned, and never will be"}


def text(*, web: str, simulator: str, folder: str) -> str:
    lines = [
        "",
        f"The web site is at {web}/ – everyone's password is: {PASSWORD}",
        "Use a private window for each person: a browser holds one login at a time.",
    ]
    for firm in FIRMS:
        lines += ["", f"  {firm.name} ({'flagged' if firm.flagged else 'not flagged'}, {firm.provider.title()})"]
        lines += [_person(person, WHAT.get(person, ELSE[firm.provider])) for person in firm.people]
    lines += ["", f"  Our own people, at {web}/admin/"]
    jobs = ((ROLLOUT, "flags firms, watches runs"), (SUPPORT, "resolves tickets"), (SUPERUSER, "may do everything"))
    lines += [f"    {email:32} {what}" for (_, email, _), what in jobs]
    lines += [
        "",
        f"  At Microsoft's account page pick the member's own address – or {BENS_OWN}, and see.",
        f"  What Microsoft was asked: {simulator}/_sim/journal",
        f"  Mailboxes at Microsoft:   {simulator}/_sim/page – change something there, and see it arrive here",
        f"  Mails and logs:           {folder}",
        "",
        "Ctrl-C ends everything.",
    ]
    return "\n".join(lines)


def _person(person: Person, what: str) -> str:
    return f"    {person.email:32} {person.total:>5,} events, {what}"
