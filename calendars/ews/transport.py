"""How exchangelib reaches Exchange: with our tokens and time-outs, one try at a time, and its errors told in our words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
from django.conf import settings
from exchangelib import DELEGATE, OAUTH2, Account, Build, Configuration, Version, errors
from exchangelib.credentials import OAuth2AuthorizationCodeCredentials
from exchangelib.ewsdatetime import EWSTimeZone
from exchangelib.folders import Root
from exchangelib.protocol import BaseProtocol, FailFast, close_connections
from exchangelib.util import ParseError

from calendars.errors import (
    AccessDenied,
    BadRequest,
    Conflict,
    GrantRefused,
    ItemNotFound,
    MarkLost,
    Refused,
    ServiceBlocked,
    TryLater,
)
from calendars.graph import http

# Exchange Online; named, it need not be asked for.
VERSION = Version(build=Build(15, 20, 0, 0))
UTC = EWSTimeZone("UTC")
_before_request: ContextVar[Callable[[], None]] = ContextVar("before_request", default=lambda: None)


class Unauthorized(GrantRefused):
    """401: the token is worth nothing any more; another one may be."""


class _Adapter(http.SimulatedAdapter):
    """Asks before each request whether it may still be made: a member's login ends the old sync between two of them."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        _before_request.get()()
        kwargs["timeout"] = settings.HTTP_TIMEOUT
        if settings.SIMULATOR_URL:
            return super().send(request, **kwargs)
        return super(http.SimulatedAdapter, self).send(request, **kwargs)


class _OneTry(FailFast):
    """Tells at once what an answer that is none means: the worker knows when to try again. "EWS throttling in Exchange"."""

    def raise_response_errors(self, response: requests.Response) -> None:
        status = response.status_code
        if status == 401:
            raise Unauthorized("401")
        if status == 403:
            raise ServiceBlocked("403")
        if status in (408, 429, 502, 503, 504):
            asked = response.headers.get("Retry-After", "")
            seconds = float(asked) if asked.isdigit() else settings.RETRY_SECONDS
            raise TryLater(str(status), seconds=seconds, reason="throttled", asked=asked.isdigit())
        super().raise_response_errors(response)


@contextmanager
def account(address: str, token: str, before_request: Callable[[], None]) -> Iterator[Account]:
    """The mailbox, for as long as the block lasts. exchangelib keeps what it has connected to for ever, unless told."""
    BaseProtocol.HTTP_ADAPTER_CLS = _Adapter
    credentials = OAuth2AuthorizationCodeCredentials(access_token={"access_token": token, "token_type": "Bearer"})
    configuration = Configuration(
        # exchangelib sends no token to an address without TLS; where the simulator stands in, the adapter goes there.
        service_endpoint=settings.EWS_URL.replace("http://", "https://", 1),
        credentials=credentials,
        auth_type=OAUTH2,
        version=VERSION,
        retry_policy=_OneTry(),
    )
    set_before = _before_request.set(before_request)
    opened = Account(
        address, config=configuration, autodiscover=False, access_type=DELEGATE, default_timezone=UTC
    )  # fmt: skip
    # As a name: exchangelib would ask for what it is, each time, and no part of it is needed.
    opened.root = Root(account=opened)
    try:
        with told():
            yield opened
    finally:
        _before_request.reset(set_before)
        # A worker has one mailbox open at a time.
        close_connections()


@contextmanager
def told() -> Iterator[None]:
    """exchangelib's errors as those of `calendars.errors`. Their texts may quote answers, and stay here."""
    try:
        yield
    except errors.ErrorInvalidSyncStateData as error:
        raise MarkLost(code=_code(error)) from None
    except errors.ErrorServerBusy as error:
        seconds = float(error.back_off or settings.RETRY_SECONDS)
        raise TryLater(seconds=seconds, reason="throttled", asked=bool(error.back_off), code=_code(error)) from None
    except (errors.ErrorItemNotFound, errors.ErrorSyncFolderNotFound, errors.ErrorFolderNotFound) as error:
        raise ItemNotFound(code=_code(error)) from None
    except (
        errors.ErrorIrresolvableConflict,
        errors.ErrorStaleObject,
        errors.ErrorChangeKeyRequired,
        errors.ErrorChangeKeyRequiredForWriteOperations,
    ) as error:
        raise Conflict(code=_code(error)) from None
    except errors.ErrorOccurrenceCrossingBoundary as error:
        raise Refused(code="crossing") from error
    except errors.ErrorAccessDenied as error:
        # Exchange says so of a whole mailbox where the organisation has ended EWS, and of single items that are not hers.
        raise AccessDenied(code=_code(error)) from None
    except errors.UnauthorizedError:
        raise Unauthorized("401") from None
    except (
        errors.ErrorTimeoutExpired,
        errors.ErrorInternalServerError,
        errors.ErrorInternalServerTransientError,
        errors.ErrorMailboxStoreUnavailable,
        errors.ErrorExceededConnectionCount,
        errors.ErrorConnectionFailed,
        requests.RequestException,
    ) as error:
        raise TryLater(_code(error), seconds=settings.RETRY_SECONDS, reason="unreachable") from None
    except errors.ResponseMessageError as error:
        raise BadRequest(code=_code(error)) from None
    except (errors.TransportError, ParseError) as error:
        raise TryLater(_code(error), seconds=settings.RETRY_SECONDS, reason="unreadable") from None


def _code(error: Exception) -> str:
    return type(error).__name__
