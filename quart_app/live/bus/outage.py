"""What the log says of Redis being away: when it begins and when it is over, not of every try in between."""

from __future__ import annotations

import time

import structlog

from quart_app.live.bus.servers import FAILURES, cause

QUIET_SECONDS = 10.0
"""However quickly trouble comes and goes, its next warning comes after so long.

While it lasts and its cause changes, twice as long after each line.
"""

log = structlog.stdlib.get_logger(__name__)


class Outage:
    """One use of Redis that may fail, and the lines of the log in which it does, and works (again).

    ``error`` is what failed last, None while it works. With ``awaited`` it does not work yet, and the first
    time that it does is worth a line.
    """

    def __init__(self, failed: str, works: str, *, awaited: bool = False) -> None:
        self._failed = failed
        self._works = works
        self._told = "" if awaited else None
        self._failures = self._warnings = 0
        self._quiet_until = float("-inf")
        self.error: BaseException | None = None

    def failed(self, error: BaseException) -> None:
        """Note a failure. A cause is told once; a traceback comes only with what is not one of FAILURES."""
        self.error = error
        self._failures += 1
        reason = cause(error)
        if reason == self._told or time.monotonic() < self._quiet_until:
            return
        self._told = reason
        self._quiet_until = time.monotonic() + QUIET_SECONDS * 2 ** min(self._warnings, 10)
        self._warnings += 1
        if isinstance(error, FAILURES):
            log.warning(self._failed, reason=reason)
        else:
            log.error(self._failed, reason=reason, exc_info=error)

    def over(self) -> None:
        """Note that it works."""
        if self._told is not None:
            log.info(self._works, failures=self._failures)
        self._told = self.error = None
        self._failures = self._warnings = 0
