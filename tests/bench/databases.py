"""Scratch databases of the bench: one that is seeded once, and a fresh copy of it for each thing that is measured."""

import os
import shutil
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

LOCAL = "postgres://postgres@127.0.0.1:5432/postgres"


class Database(Protocol):
    name: str
    seeded: str
    """URL for DATABASE_URL of the one to be seeded."""

    def make(self) -> None:
        """An empty one to be seeded."""

    def copy(self) -> str:
        """The URL of a fresh copy of the seeded one, in place of the last one."""

    def drop(self) -> None:
        """Both."""


class Sqlite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._seeded, self._copy = folder / "seeded.sqlite3", folder / "copy.sqlite3"
        self.seeded = f"sqlite:///{self._seeded}"

    def make(self) -> None:
        self.drop()

    def copy(self) -> str:
        _remove(self._copy)
        shutil.copy(self._seeded, self._copy)
        return f"sqlite:///{self._copy}"

    def drop(self) -> None:
        _remove(self._seeded)
        _remove(self._copy)


def _remove(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


class Postgres:
    def __init__(self, url: str) -> None:
        """Raises psycopg.Error where the server cannot be reached."""
        self._url = url
        self._seeded, self._copy = (f"caret_sync_bench_{os.getpid()}_{part}" for part in ("seeded", "copy"))
        self.seeded = self._url_of(self._seeded)
        with self._server() as server:
            self.name = f"PostgreSQL {server.info.server_version // 10000}"

    def make(self) -> None:
        self.drop()
        self._run("CREATE DATABASE {}", self._seeded)

    def copy(self) -> str:
        self._run("DROP DATABASE IF EXISTS {}", self._copy)
        self._run("CREATE DATABASE {} TEMPLATE {}", self._copy, self._seeded)
        # What the copy left to write is not part of what is measured next.
        with self._server() as server:
            server.execute("CHECKPOINT")
        return self._url_of(self._copy)

    def drop(self) -> None:
        for name in (self._copy, self._seeded):
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _url_of(self, name: str) -> str:
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def _server(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self._url, autocommit=True, connect_timeout=5)

    def _run(self, statement: str, *names: str) -> None:
        with self._server() as server:
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


def both(folder: Path) -> tuple[list[Database], str]:
    """SQLite, and PostgreSQL where DATABASE_URL names it or a server on 127.0.0.1 answers; else why it is skipped."""
    asked = os.environ.get("DATABASE_URL", "")
    url = asked if asked.startswith("postgres") else LOCAL
    try:
        return [Sqlite(folder), Postgres(url)], ""
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        where = "the server of DATABASE_URL" if url == asked else "DATABASE_URL names no PostgreSQL, and 127.0.0.1"
        return [Sqlite(folder)], f"PostgreSQL is skipped: {where} does not answer ({reason})"
