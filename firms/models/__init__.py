from firms.models.audit import AuditEntry
from firms.models.firm import Firm
from firms.models.impersonation import Impersonation
from firms.models.user import User
from firms.models.wave import Wave

__all__ = ["AuditEntry", "Firm", "Impersonation", "User", "Wave"]
