from migration.models.run import MigrationRun, Outcome, StagedPage
from migration.models.sign_in import SignInAttempt
from migration.models.ticket import Ticket, TicketEntry

__all__ = ["MigrationRun", "Outcome", "SignInAttempt", "StagedPage", "Ticket", "TicketEntry"]
