"""The errors of `calendars.errors`, by the name under which Graph's own code knows their base."""

from calendars.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    GrantRefused,
    ItemNotFound,
    MailboxNotServed,
    MarkLost,
    OperatorFault,
    Refused,
    TryLater,
)
from calendars.errors import ServiceError as GraphError

__all__ = [
    "AccessDenied",
    "BadRequest",
    "Conflict",
    "GrantRefused",
    "GraphError",
    "ItemNotFound",
    "MailboxNotServed",
    "MarkLost",
    "OperatorFault",
    "Refused",
    "TryLater",
]
