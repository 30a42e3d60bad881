"""When the machine itself stood still: what happened then is nobody's fault."""

from __future__ import annotations

import threading
import time

STEP, LATE = 0.02, 0.1


class Stalls:
    """A clock that notes when it was not served for more than a tenth of a second."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self._stop = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        last = time.time()
        while not self._stop.is_set():
            time.sleep(STEP)
            now = time.time()
            if now - last > STEP + LATE:
                self.spans.append((last, now))
            last = now

    def stop(self) -> None:
        self._stop.set()

    def during(self, start: float, end: float) -> bool:
        """Whether one fell into that time (some slack: a stall also delays what follows)."""
        return any(begin < end + 0.5 and start - 0.5 < finish for begin, finish in self.spans)
