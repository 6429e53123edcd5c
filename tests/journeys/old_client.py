"""A client written for version 0.1: it knows the four events of play, and passes over all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.server import Feed, Frame

Known = dict[int, tuple[int | None, int | None, int | None]]
"""The two sides and the winner of each match."""


def slots_and_winners(snapshot: Any) -> Known:
    """What a snapshot says of them."""
    return {
        match["match_id"]: (match["participant1_id"], match["participant2_id"], match["winner_id"])
        for match in snapshot["matches"]
    }


@dataclass
class OldClient:
    """What it knows, from the snapshot at which it joined its feed on."""

    feed: Feed
    known: Known

    async def agrees(self, snapshot: Any) -> None:
        """Read on to where the snapshot is: it knows the same of every match then."""
        while not self.feed.frames or self.feed.frames[-1].id != snapshot["position"]:
            self._hear(await self.feed.next())
        now = slots_and_winners(snapshot)
        assert {match_id: self.known.get(match_id) for match_id in now} == now

    def _hear(self, frame: Frame) -> None:
        if frame.event == "match_completed":
            match_id = frame.payload["match_id"]
            self.known[match_id] = (*self.known[match_id][:2], frame.payload["winner_id"])
        elif frame.event == "bracket_updated":
            for each in frame.payload["next_matches"]:
                sides = each["participant1_id"], each["participant2_id"]
                goes_on = (sides[0] or sides[1]) if each.get("bye") else None
                self.known[each["match_id"]] = (*sides, goes_on)
