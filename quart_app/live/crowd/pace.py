"""How often those may ask whom no stream reaches, however many they are."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

ANSWERS_PER_SECOND = 500
"""So many a worker is to answer at most: about a fifth of its time."""

LEAST_SECONDS, MOST_SECONDS = 3, 15
"""What one who asks is told to wait: never less, and never more."""


class Pace:
    """The pace of one worker. ``clock`` tells seconds that only ever rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._count = 0
        self._seconds = LEAST_SECONDS

    def asked(self) -> int:
        """Count one who asks: in how many seconds they are to ask again."""
        self._count += 1
        now = self._clock()
        if now - self._since >= self._seconds:
            # all who keep to it have asked once in that time, and some may have asked more rarely
            askers = self._count / (now - self._since) * self._seconds
            self._seconds = min(MOST_SECONDS, max(LEAST_SECONDS, math.ceil(askers / ANSWERS_PER_SECOND)))
            self._count, self._since = 0, now
        return self._seconds
