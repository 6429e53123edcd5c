"""The pace of those who ask: a few wait for seconds, and thousands ask a worker for no more than it can."""

from __future__ import annotations

import heapq

import pytest

from quart_app.live.crowd.pace import ANSWERS_PER_SECOND, LEAST_SECONDS, MOST_SECONDS, Pace


def asked_a_second(askers: int, least: float) -> float:
    """How often a worker is asked in each second of the last of three minutes, by askers who come within
    three seconds, and wait as they are told but never less than ``least`` seconds."""
    now = 0.0
    pace = Pace(lambda: now)
    times = [3 * number / askers for number in range(askers)]
    count = 0
    while times[0] < 180:
        now = heapq.heappop(times)
        count += now >= 120
        heapq.heappush(times, now + max(pace.asked(), least))
    return count / 60


@pytest.mark.parametrize("least", [0, 10])
def test_a_crowd_asks_no_more_than_can_be_answered(least: float) -> None:
    """Up to the crowd at which it would be kept waiting for too long."""
    for askers in (3000, ANSWERS_PER_SECOND * MOST_SECONDS):
        assert asked_a_second(askers, least) <= 1.1 * ANSWERS_PER_SECOND


def test_a_few_wait_for_seconds() -> None:
    """Also after there were many."""
    assert asked_a_second(30, 0) == pytest.approx(30 / LEAST_SECONDS, rel=0.1)
    now = 0.0
    pace = Pace(lambda: now)
    for number in range(100_000):
        now = number / 10_000
        pace.asked()
    assert pace.asked() == MOST_SECONDS
    now += MOST_SECONDS + 1
    pace.asked()
    now += MOST_SECONDS + 1
    assert pace.asked() == LEAST_SECONDS
