"""The admin of the move. Each module registers what it shows; a new one is imported here."""

from migration.admin import address_changes, anomalies, consents, firms, outcomes, runs, sign_ins, tickets  # noqa: F401
