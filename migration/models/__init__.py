from migration.models.run import ListedAppointment, MigrationRun, Outcome, TranslatedId
from migration.models.sign_in import SignInAttempt
from migration.models.ticket import Ticket, TicketEntry

__all__ = ["ListedAppointment", "MigrationRun", "Outcome", "SignInAttempt", "Ticket", "TicketEntry", "TranslatedId"]
