"""A member's browser as far as the walk needs one: pages, forms, redirects, cookies; all over HTTP."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import requests

TIMEOUT = 60


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """`text` without markup, white space collapsed; `figures` by their labels; `percent` of the progress bar, if any."""

    url: str
    status: int
    text: str = ""
    figures: dict[str, int] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    percent: int | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def form(self, action: str) -> Form | None:
        """The first form that posts to this path."""
        return next((form for form in self.forms if urlsplit(form.action).path == action), None)

    def link(self, part: str) -> str | None:
        return next((link for link in self.links if part in link), None)


class Unexpected(Exception):
    """A page that is not what a member would have to see here."""


class Browser:
    def __init__(self, base: str) -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str, *, htmx: bool = False) -> Page:
        headers = {"HX-Request": "true"} if htmx else {}
        return read(self._session.get(urljoin(self.base, path), headers=headers, timeout=TIMEOUT))

    def download(self, path: str) -> str:
        answer = self._session.get(urljoin(self.base, path), timeout=TIMEOUT)
        if answer.status_code != 200:
            raise Unexpected(f"{path} answers {answer.status_code}")
        return answer.content.decode("utf-8-sig")

    def send(self, page: Page, action: str, **fields: str) -> Page:
        """Fills in the form of `page` that posts to `action`, hidden fields as they stand, and follows redirects."""
        return read(self._post(page, action, fields, follow=True))

    def leave(self, page: Page, action: str) -> str:
        """Presses the button of a form; the address outside that the answer leads to."""
        answer = self._post(page, action, {}, follow=False)
        if answer.status_code != 302:
            raise Unexpected(f"{action} answers {answer.status_code} instead of leading to Microsoft")
        return answer.headers["Location"]

    def log_in(self, email: str, password: str, *, then: str = "/") -> Page:
        """Through the login page; the page on which the login ends."""
        door = self.get(f"/accounts/login/?{urlencode({'next': then})}")
        return self.send(door, "/accounts/login/", login=email, password=password)

    def _post(self, page: Page, action: str, fields: dict[str, str], *, follow: bool) -> requests.Response:
        form = page.form(action)
        if form is None:
            raise Unexpected(f"{page.path} (status {page.status}) has no form for {action}: {page.text[:200]}")
        url = urljoin(page.url, form.action)
        # Django checks where a form comes from, as browsers say.
        headers = {"Referer": page.url}
        data = {**form.fields, **fields}
        return self._session.post(url, data=data, headers=headers, timeout=TIMEOUT, allow_redirects=follow)


def read(answer: requests.Response) -> Page:
    reader = _Reader(Page(answer.url, answer.status_code))
    reader.feed(answer.text)
    reader.page.text = " ".join(" ".join(reader.words).split())
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page, self.words = page, list[str]()
        self._term: str | None = None
        self._inside = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag
        if tag == "form":
            self.page.forms.append(Form(given.get("action") or self.page.url))
        elif given.get("name") and self.page.forms:
            self._field(tag, given)
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self.page.forms[-1].fields:
                self.page.forms[-1].fields[self._select] = given.get("value", "")
        elif tag == "a" and given.get("href"):
            self.page.links.append(given["href"])
        elif tag == "progress" and given.get("value", "").isdecimal():
            self.page.percent = int(given["value"])

    def _field(self, tag: str, given: dict[str, str]) -> None:
        """As it stands on the page, for who leaves it so."""
        fields, name = self.page.forms[-1].fields, given["name"]
        ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            fields[name] = ""
        elif tag == "input" and ticked:
            fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("style", "script"):
            return
        self.words.append(data)
        word = data.strip()
        if self._inside == "dt":
            self._term = word
        elif self._inside == "dd" and self._term and word.replace(",", "").isdecimal():
            self.page.figures[self._term] = int(word.replace(",", ""))
