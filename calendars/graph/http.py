"""The one way to Microsoft: sessions with a time-out on every request, redirected where the simulator stands in."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter


class TimedAdapter(HTTPAdapter):
    """Gives every request a time-out, also those that msal makes without naming one."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs["timeout"] = kwargs.get("timeout") or settings.HTTP_TIMEOUT
        return super().send(request, **kwargs)


class SimulatedAdapter(TimedAdapter):
    """Sends requests for Microsoft's https hosts to the simulator: msal refuses an authority without https."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        simulator, wanted = urlsplit(settings.SIMULATOR_URL), urlsplit(request.url or "")
        request.url = urlunsplit((simulator.scheme, simulator.netloc, wanted.path, wanted.query, ""))
        return super().send(request, **kwargs)


def session() -> requests.Session:
    """A new session; not to be shared between threads."""
    made = requests.Session()
    if settings.SIMULATOR_URL:
        made.trust_env = False
        made.mount("https://", SimulatedAdapter())
        made.mount("http://", TimedAdapter())
    else:
        made.mount("https://", TimedAdapter())
    return made


def read(response: requests.Response) -> bytes:
    """The body of a response asked for with `stream`, in one piece: a page is a megabyte, and requests' own pieces are of
    ten kilobytes. Raises requests.ConnectionError."""
    with response:
        try:
            body: bytes = response.raw.read(decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(type(error).__name__) from error
    return body
