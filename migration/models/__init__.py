from migration.models.address_change import AddressChange
from migration.models.anomaly import Anomaly, AnomalyDecision
from migration.models.consent import ConsentRequest
from migration.models.run import MigrationRun, Outcome, StagedPage
from migration.models.sign_in import SignInAttempt
from migration.models.ticket import Ticket, TicketEntry

__all__ = [
    "AddressChange",
    "Anomaly",
    "AnomalyDecision",
    "ConsentRequest",
    "MigrationRun",
    "Outcome",
    "SignInAttempt",
    "StagedPage",
    "Ticket",
    "TicketEntry",
]
