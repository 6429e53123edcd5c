"""What an action has done."""

from __future__ import annotations

from dataclasses import dataclass

from quart_app.domain.events import Envelope
from quart_app.timeline.vantage import Vantage


@dataclass(frozen=True, slots=True)
class Recorded(Vantage):
    """The state right after what was recorded, in the log that it was recorded in; no events where nothing
    had to be done."""

    envelopes: tuple[Envelope, ...] = ()
