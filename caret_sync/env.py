"""Typed readers of environment variables.

A value that is missing or malformed does not stop the reading: its sentence goes to `problems`, a harmless default
stands in, and the system check in `caret_sync.checks` reports all of them at once, each with its variable's name.
"""

import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

# Thirty years in seconds: a larger number is a slip, and would overflow where times are added up.
MOST = 1_000_000_000
SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


class Environment:
    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self.values = values
        self.problems: dict[str, str] = {}

    def _raw(self, name: str) -> str | None:
        value = self.values.get(name, "").strip()
        return value or None

    def text(self, name: str, default: str = "", *, required: bool = False) -> str:
        value = self._raw(name)
        if value is None and required:
            self.problems[name] = "is not set."
        return default if value is None else value

    def flag(self, name: str, default: bool) -> bool:
        value = self._raw(name)
        if value is None:
            return default
        if value.lower() not in SWITCH:
            self.problems[name] = f"must be 1 or 0, not {value!r}."
        return SWITCH.get(value.lower(), default)

    def choice(self, name: str, default: str, known: Collection[str]) -> str:
        """One of the words in `known`, which are upper case; any case is accepted."""
        value = self.text(name, default).upper()
        if value not in known:
            self.problems[name] = f"must be one of {', '.join(known)}, not {value!r}."
            return default
        return value

    def number(self, name: str, default: float, *, least: float = 0) -> float:
        value = self._raw(name)
        try:
            number = default if value is None else float(value)
        except ValueError:
            number = least - 1
        if not least <= number <= MOST:
            self.problems[name] = f"must be a number from {least:g} to {MOST}, not {value!r}."
            return default
        return number

    def whole(self, name: str, default: int, *, least: int = 0) -> int:
        number = self.number(name, default, least=least)
        if number != int(number):
            self.problems[name] = f"must be a whole number, not {number}."
        return int(number)

    def items(self, name: str, default: list[str], *, required: bool = False) -> list[str]:
        """Comma-separated; commas with nothing between them are a slip, not an empty list."""
        value = self.text(name, ",".join(default), required=required)
        items = [item.strip() for item in value.split(",") if item.strip()]
        if value and not items:
            self.problems[name] = "has commas, and nothing between them."
            return default
        return items

    def instant(self, name: str, default: str) -> datetime:
        """An ISO 8601 instant; an offset is required, since 'end of day' means nothing without one."""
        value = self.text(name, default)
        try:
            instant = datetime.fromisoformat(value)
            instant.astimezone(UTC)  # the first and last hours of the calendar overflow
        except (ValueError, OverflowError):
            instant = datetime.min
        if instant.tzinfo is None:
            self.problems[name] = f"must be an ISO 8601 instant with an offset, like {default}, not {value!r}."
            return datetime.fromisoformat(default)
        return instant

    def _address(self, name: str, default: str) -> SplitResult:
        """The parts of an address; none at all where it cannot be taken apart, so that whoever asks finds it wrong."""
        try:
            parts = urlsplit(self.text(name, default))
            parts.port  # noqa: B018  reading it is what checks it
        except ValueError:
            return urlsplit("")
        return parts

    def url(self, name: str, default: str, *, schemes: tuple[str, ...] = ("https",)) -> str:
        value, parts = self.text(name, default), self._address(name, default)
        if value and (parts.scheme not in schemes or not parts.hostname):
            self.problems[name] = f"must be a full address starting with {' or '.join(s + '://' for s in schemes)}."
            return default
        return value.rstrip("/")

    def mail_address(self, name: str, default: str) -> str:
        """`support@firm.example` or `Support <support@firm.example>`."""
        value = self.text(name, default)
        before, _, after = parseaddr(value)[1].partition("@")
        if value and not (before and after):
            self.problems[name] = f"must be an e-mail address, not {value!r}."
            return default
        return value

    def email(self, name: str, console: bool) -> tuple[str, str, int, str, str, bool, str]:
        """`smtp://user:password@host:port`, or `smtps://` for STARTTLS: backend, host, port, user, password, TLS, folder.

        `console://` prints mails instead, `file:///folder` keeps each as a file there."""
        parts = self._address(name, "console://" if console else "smtp://localhost:25")
        if parts.scheme == "console":
            return "django.core.mail.backends.console.EmailBackend", "", 0, "", "", False, ""
        if parts.scheme == "file" and parts.path.strip("/") and not parts.netloc:
            return "django.core.mail.backends.filebased.EmailBackend", "", 0, "", "", False, unquote(parts.path)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            self.problems[name] = (
                "must look like smtps://user:password@host:587, console:// to print mails, or file:///folder to keep them."
            )
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        tls = parts.scheme == "smtps"
        port = parts.port or (587 if tls else 25)
        return "django.core.mail.backends.smtp.EmailBackend", parts.hostname or "", port, user, password, tls, ""

    def database(self, name: str, default_file: Path) -> dict[str, Any]:
        """`sqlite:///relative.sqlite3`, `sqlite:////absolute.sqlite3` or `postgres://user:password@host:port/name`."""
        # Quoted: a directory may be called "R&D #1".
        parts = self._address(name, f"sqlite:///{quote(str(default_file))}")
        if parts.scheme == "sqlite" and parts.path.strip("/"):
            return {**SQLITE, "NAME": unquote(parts.path[1:])}
        if parts.scheme in ("postgres", "postgresql") and parts.path.strip("/"):
            return {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": unquote(parts.path[1:]),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": unquote(parts.hostname or ""),
                "PORT": str(parts.port or ""),
                "OPTIONS": {"connect_timeout": 10, **dict(parse_qsl(parts.query))},
                # Never psycopg's pool: it would cross django-q2's fork. A kept connection is checked before use.
                "CONN_MAX_AGE": 60,
                "CONN_HEALTH_CHECKS": True,
            }
        self.problems[name] = "must look like sqlite:///file.sqlite3 or postgres://user:password@host:5432/name."
        return {**SQLITE, "NAME": ":memory:"}


# Without WAL and immediate transactions, concurrent writers die of "database is locked"; with them they queue.
SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
