"""Ctrl-C and the signals that mean the same: one orderly end, at whatever moment they come."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    def __init__(self) -> None:
        self._held = self._pending = False

    def catch(self) -> None:
        for number in SIGNALS:
            signal.signal(number, self._interrupt)

    def ignore(self) -> None:
        """While ending: that takes seconds at most, and half an ending would leave processes behind."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What must happen whole, like starting a process and writing it down; an interrupt then comes after it."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            self.ignore()
            raise KeyboardInterrupt

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._pending = True
        if not self._held:
            self.ignore()
            raise KeyboardInterrupt
