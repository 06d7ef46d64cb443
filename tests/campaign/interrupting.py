"""What can befall a worker at a commit. Every write that stands by itself and every outermost transaction is counted, so
that one of them can be chosen: the worker dies right before or right after it, or it is frozen there while others go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from unittest import mock

from django.db import connection, transaction

WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
TRANSACTIONS = ("SAVEPOINT", "ROLLBACK", "RELEASE")


class Death(BaseException):
    """No code of the product runs after it, as after SIGKILL."""


class Commits:
    """Around each task of a worker, as a context manager; counts commits from 1. At the commit `at`: `before` is called;
    the worker dies where `dies` is "before" or "after"."""

    def __init__(self, at: int = 0, *, before: Callable[[], None] | None = None, dies: str = "") -> None:
        self.at, self.dies, self._before = at, dies, before
        self.count = 0
        self.met = False
        self._active = self._dead = False

    def __enter__(self) -> Self:
        self._floor = len(connection.savepoint_ids)
        self._active, self._dead = True, False
        self._undo = _patched(self)
        self._undo.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._active = False
        self._undo.__exit__(None, None, None)
        if self._dead:
            # Django notes that a transaction is broken; here it is the test's, of which nothing is.
            connection.needs_rollback = False

    @property
    def _outermost(self) -> bool:
        return self._active and len(connection.savepoint_ids) == self._floor

    def _begin(self) -> bool:
        """Counts a commit that is to come; True where it is the chosen one."""
        self.count += 1
        if self.count != self.at:
            return False
        self.met = True
        if self._before is not None:
            self._active = False
            self._before()
            self._active = True
        return True

    def _die(self) -> None:
        self._dead = True
        raise Death

    def statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        verb = sql.lstrip().split(None, 1)[0].upper()
        if self._dead and self._active and verb not in TRANSACTIONS:
            raise Death
        if not self._outermost or verb not in WRITES:
            return execute(sql, params, many, context)
        chosen = self._begin()
        if chosen and self.dies == "before":
            self._die()
        result = execute(sql, params, many, context)
        if chosen and self.dies == "after":
            self._die()
        return result

    def enter(self, atomic: transaction.Atomic, original: Callable[[transaction.Atomic], None]) -> None:
        if self._dead and self._active:
            raise Death
        if self._outermost:
            self._chosen = self._begin()
            # A transaction of its own, were it not for the test's.
            atomic.savepoint = True
        original(atomic)

    def exit(self, atomic: transaction.Atomic, original: Callable[..., None], error: tuple[Any, Any, Any]) -> None:
        inner = not self._active or len(connection.savepoint_ids) != self._floor + 1
        if inner or error[0] is not None or not self._chosen:
            original(atomic, *error)
            return
        if self.dies == "before":
            self._dead = True
            original(atomic, Death, Death(), None)
            raise Death
        original(atomic, None, None, None)
        if self.dies == "after":
            self._die()


@contextmanager
def _patched(commits: Commits) -> Iterator[None]:
    enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__

    def entered(self: transaction.Atomic) -> None:
        commits.enter(self, enter)

    def left(self: transaction.Atomic, *error: Any) -> None:
        commits.exit(self, leave, error)  # type: ignore[arg-type]

    with (
        mock.patch.object(transaction.Atomic, "__enter__", entered),
        mock.patch.object(transaction.Atomic, "__exit__", left),
        connection.execute_wrapper(commits.statement),
    ):
        yield
