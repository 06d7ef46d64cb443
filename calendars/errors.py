"""What can go wrong with a calendar service, whichever it is; the class says what to do about it.

Callers see these and never a status code. Messages hold codes and request ids, no texts of events and no tokens.
"""


class ServiceError(Exception):
    """Anything below. `code` is the service's own word for it, for staff and support."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class TryLater(ServiceError):
    """Not now: throttled, unreachable, or an answer that cannot be read. Nothing is proven by it.

    `seconds` is how long to wait at least; `asked` whether the service named that time itself.
    """

    def __init__(self, message: str = "", *, seconds: float, reason: str, asked: bool = False, code: str = "") -> None:
        super().__init__(message, code=code)
        self.seconds = seconds
        self.reason = reason
        self.asked = asked

    @property
    def by_itself(self) -> bool:
        """The service fails, and asks nobody to wait: perhaps at this one thing alone."""
        return self.reason == "busy" and not self.asked


class GrantRefused(ServiceError):
    """The service no longer honours the grant: the person has to sign in again."""


class OperatorFault(ServiceError):
    """Our registration with the service is at fault (secret expired, application unknown): it hits everyone at once."""


class AccessDenied(ServiceError):
    """403: a permission is missing, or the thing is somebody else's."""


class ServiceBlocked(ServiceError):
    """The member's organisation does not allow this service any more (EWS switched off). Nothing of hers is wrong."""


class ItemNotFound(ServiceError):
    """404: gone, moved, private, or of another mailbox; by itself no proof of deletion."""


class MailboxNotServed(ServiceError):
    """The account has no mailbox that the service can serve: on-premises, without a licence, a guest."""


class BadRequest(ServiceError):
    """400 and the like: a mistake of ours, or an id in the wrong form. Never retried."""


class MarkLost(ServiceError):
    """The service has forgotten where a pull was to go on (410): pull from the beginning, and match by id."""


class Conflict(ServiceError):
    """412: changed there since it was read. Read it again and decide anew."""


class Refused(ServiceError):
    """A change that the service, or its calendar, cannot take as it is; `code` is one of `calendars.sync.reasons`.
    Waits until the member changes it."""
