"""What an action has done."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.events import Envelope
from quart_app.domain.state.tournament import Tournament
from quart_app.timeline.vantage import Vantage


@dataclass(frozen=True, slots=True)
class Recorded(Vantage):
    """The state right after what was recorded, in the log that it was recorded in; no events where nothing
    had to be done. ``before`` is the state that it was decided on, None for a new tournament."""

    envelopes: tuple[Envelope, ...] = ()
    before: Tournament | None = None
