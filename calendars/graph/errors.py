"""What can go wrong with Microsoft Graph and Microsoft's sign-in; the class says what to do about it.

Callers see these and never a status code. Messages hold codes and request ids, no texts of events and no tokens.
"""


class GraphError(Exception):
    """Anything below. `code` is Microsoft's own word for it, for staff and support."""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class TryLater(GraphError):
    """Not now: throttled, unreachable, or an answer that cannot be read. Nothing is proven by it.

    `seconds` is how long to wait at least; `asked` whether Microsoft named that time itself.
    """

    def __init__(self, message: str = "", *, seconds: float, reason: str, asked: bool = False, code: str = "") -> None:
        super().__init__(message, code=code)
        self.seconds = seconds
        self.reason = reason
        self.asked = asked


class GrantRefused(GraphError):
    """Microsoft no longer honours the grant: the person has to sign in again."""


class OperatorFault(GraphError):
    """Our registration with Microsoft is at fault (secret expired, application unknown): it hits everyone at once."""


class AccessDenied(GraphError):
    """403: a permission is missing, or the thing is somebody else's."""


class ItemNotFound(GraphError):
    """404: gone, moved, private, or of another mailbox; by itself no proof of deletion."""


class MailboxNotServed(GraphError):
    """The account has no mailbox that Graph can serve: on-premises, without a licence, a guest."""


class BadRequest(GraphError):
    """400 and the like: a mistake of ours, or an id in the wrong form. Never retried."""
