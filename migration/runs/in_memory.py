"""A database in memory that stands where ours did for a while: for what must leave no trace."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Self

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import QuerySet
from django.db.utils import ConnectionHandler

from calendars import bulk

CHUNK = 5000


class _Memory(DatabaseWrapper):
    """Checks no foreign keys, since most of what rows refer to is not copied."""

    def on_commit(self, func: Callable[[], Any], robust: bool = False) -> None:
        """What follows a commit, mails above all, is left out."""

    def enable_constraint_checking(self) -> None:
        """It stays off."""


class Copy:
    """Tables of all our models, empty at first. A context manager; of the thread that made it."""

    def __init__(self) -> None:
        handler = ConnectionHandler()
        databases = handler.configure_settings(
            {DEFAULT_DB_ALIAS: {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        )
        self._ours = connections[DEFAULT_DB_ALIAS]
        self._memory = _Memory(databases[DEFAULT_DB_ALIAS], DEFAULT_DB_ALIAS)

    def __enter__(self) -> Self:
        with self.in_place():
            self._memory.disable_constraint_checking()
            with self._memory.schema_editor() as editor:
                for model in apps.get_models():
                    if not model._meta.proxy:
                        editor.create_model(model)
        return self

    def __exit__(self, *error: object) -> None:
        if self._memory.connection is not None:
            self._memory.connection.close()  # Django keeps a database in memory open

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Whatever asks for the database meanwhile gets the copy."""
        connections[DEFAULT_DB_ALIAS] = self._memory
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = self._ours

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Inside `in_place`: ours again, for a look."""
        connections[DEFAULT_DB_ALIAS] = self._ours
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = self._memory

    def take(self, rows: QuerySet[Any], **changes: Any) -> None:
        """Copies the rows, with `changes` to their columns."""
        names = [field.attname for field in rows.model._meta.concrete_fields]
        found = rows.values(*names).iterator(chunk_size=CHUNK)
        while chunk := [{**row, **changes} for row in islice(found, CHUNK)]:
            with self.in_place():
                bulk.write_columns(rows.model, chunk)
