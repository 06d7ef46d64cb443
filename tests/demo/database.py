"""A fresh database of the demo's own, on SQLite or on the PostgreSQL server that DATABASE_URL names."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from caret_sync.env import Environment
from tests.demo.places import DemoFailed

NAME = "caret_sync_demo"
COMMENT = "made by make demo, which drops and makes it anew"
PATIENCE = 5.0

CREATE = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME))
SIGN = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(NAME), sql.Literal(COMMENT))
DROP = sql.SQL("DROP DATABASE {}").format(sql.Identifier(NAME))
FIND = sql.SQL("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = {}").format(
    sql.Literal(NAME)
)
USERS = sql.SQL("SELECT pid FROM pg_stat_activity WHERE datname = {}").format(sql.Literal(NAME))


class Database:
    """`url` is for DATABASE_URL. `make` needs no Django, so that settings can name the result."""

    def __init__(self, asked: str, folder: Path) -> None:
        self._server = self._server_of(asked)
        file = folder / "demo.sqlite3"
        self.url = f"sqlite:///{quote(str(file))}"
        if self._server:
            self.url = urlunsplit(urlsplit(asked.strip())._replace(path=f"/{NAME}"))

    @property
    def words(self) -> str:
        return f"PostgreSQL, database {NAME}" if self._server else "SQLite"

    def make(self) -> None:
        """An empty one in place of an earlier demo's; a file's is taken away with the rest of the folder."""
        if self._server:
            self._drop()
            self._run(CREATE, SIGN)

    def drop(self) -> None:
        """At the end: the server is not ours to leave things on."""
        if self._server:
            self._drop()

    @staticmethod
    def _server_of(asked: str) -> dict[str, Any]:
        environment = Environment({"DATABASE_URL": asked})
        settings = environment.database("DATABASE_URL", Path("unused.sqlite3"))
        if problem := environment.problems.get("DATABASE_URL"):
            raise DemoFailed(f"DATABASE_URL {problem}")
        return settings if settings["ENGINE"].endswith("postgresql") else {}

    def _drop(self) -> None:
        """Raises DemoFailed where a database of that name is not a demo's, or is in use."""
        found = self._run(FIND)
        if not found:
            return
        if found[0][0] != COMMENT:
            raise DemoFailed(
                f"The server has a database {NAME} that no demo made. Rename it: the demo would replace it."
            )
        until = time.monotonic() + PATIENCE
        while users := self._users():
            if time.monotonic() > until:
                raise DemoFailed(
                    f"The database {NAME} is in use by another program (on the server: process {', '.join(users)}): "
                    "a demo in another place, or its worker. End that first."
                )
            time.sleep(0.2)
        self._run(DROP)

    def _users(self) -> list[str]:
        return [str(pid) for (pid,) in self._run(USERS)]

    def _run(self, *statements: sql.Composed) -> list[tuple[Any, ...]]:
        """Each by itself; the rows of the last one, if it has any."""
        try:
            with self._connect() as server:
                for statement in statements:
                    cursor = server.execute(statement)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise DemoFailed(f"The demo's database cannot be made on the server of DATABASE_URL: {reason}") from error

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """To the server's database for such work or, where that is closed to us, to the one that was named."""
        settings = self._server
        known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
        wanted = {name: settings[key] for name, key in known.items() if settings[key]} | settings["OPTIONS"]
        try:
            return psycopg.connect(dbname="postgres", autocommit=True, **wanted)
        except psycopg.OperationalError:
            return psycopg.connect(dbname=settings["NAME"], autocommit=True, **wanted)
