"""How fast one mailbox may be asked: as Microsoft last asked for, and within its limit of 10,000 requests in ten minutes.

See "Microsoft Graph service-specific throttling limits", Outlook service limits: for each application and mailbox.
"""

import threading
import time

from django.conf import settings

from calendars.graph.errors import TryLater

# Counted in windows of the clock, since two numbers remember them from task to task. Ten minutes, whenever they
# begin, touch three of these, and a worker that was killed has not told its last requests.
WINDOW_SECONDS = 300
PER_WINDOW = 3200


class Pace:
    """Shared by the clients of one mailbox, in all threads of a worker. `window` and `spent` are where the worker before
    it left off: the number of the window, and how many requests were made in it."""

    def __init__(self, window: int = 0, spent: int = 0) -> None:
        self.window, self.spent = window, spent
        self._not_before = 0.0
        self._lock = threading.Lock()

    def keep(self, requests: int = 1) -> None:
        """Returns when as many requests may be made now, and counts them. Raises TryLater where that takes longer than
        is waited in place."""
        while (pause := self._claim(requests)) > 0:
            time.sleep(pause)

    def hold_off(self, seconds: float) -> None:
        """Microsoft has asked for a wait: nobody asks before it is over."""
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _claim(self, requests: int) -> float:
        with self._lock:
            pause = self._not_before - time.monotonic()
            if pause > settings.SHORT_WAIT_SECONDS:
                raise TryLater("as Microsoft asked", seconds=pause, reason="throttled", asked=True)
            if pause <= 0:
                self._spend(requests)
            return pause

    def _spend(self, requests: int) -> None:
        now = time.time()
        window = int(now // WINDOW_SECONDS)
        if window > self.window:
            # Never back: where two machines' clocks disagree, the later one counts.
            self.window, self.spent = window, 0
        if self.spent + requests > PER_WINDOW:
            rest = (self.window + 1) * WINDOW_SECONDS - now
            raise TryLater("as many requests as Microsoft allows", seconds=rest, reason="throttled", asked=True)
        self.spent += requests
