"""A person at ``/_sim/page``: reads, follows links, fills in forms and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin

import requests


@dataclass
class Form:
    action: str
    values: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """``text``, ``links`` by their words, ``forms`` with what stands in them, ``labels`` of what can be filled in."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.url, self.status, self.source = answer.url, answer.status_code, answer.text
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.unlabelled: list[str] = []
        self._words: list[str] = []
        self._link = self._area = self._select = ""
        self._in_label = 0
        self._skip = False
        self.feed(answer.text)
        self.text = " ".join(" ".join(self._words).split())

    @classmethod
    def get(cls, url: str) -> Self:
        return cls(requests.get(url, timeout=30))

    def follow(self, words: str, nth: int = 0) -> Page:
        found = [href for text, href in self.links if text == words]
        return Page.get(urljoin(self.url, found[nth]))

    def values(self, action: str) -> dict[str, str]:
        return dict(self._form(action).values)

    def send(self, action: str, nth: int = 0, **fields: str | list[str] | None) -> Page:
        """The form as it stands, with some fields filled in otherwise; None is a box without its tick."""
        form = self._form(action, nth)
        data: list[tuple[str, Any]] = [(name, value) for name, value in form.values if name not in fields]
        for name, value in fields.items():
            data += [(name, one) for one in ([] if value is None else value if isinstance(value, list) else [value])]
        return Page(requests.post(urljoin(self.url, form.action), data=data, timeout=30))

    def _form(self, action: str, nth: int = 0) -> Form:
        return [form for form in self.forms if form.action.endswith(f"/{action}")][nth]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "a":
            self._link = given["href"]
            self.links.append(("", self._link))
        elif tag == "label":
            self._in_label += 1
        elif tag in ("input", "select", "textarea"):
            if not self._in_label and given.get("type") != "hidden":
                self.unlabelled.append(name)
            if tag == "select":
                self._select = name
            elif tag == "textarea":
                self._area = name
                self.forms[-1].values.append((name, ""))
            elif given.get("type") != "checkbox" or "checked" in given:
                self.forms[-1].values.append((name, given.get("value", "")))
        elif tag == "option" and "selected" in given:
            self.forms[-1].values.append((self._select, given["value"]))
        self._skip = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = ""
        elif tag == "label":
            self._in_label -= 1
        elif tag == "textarea":
            self._area = ""
        self._skip = False

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].values[-1] = (self._area, data)
        elif self._link:
            self.links[-1] = (self.links[-1][0] + data, self._link)
        if not self._skip:
            self._words.append(data)
