"""A cohort: those of an audience who see the same, over the same kind of wire, and stand at the same place.

It holds one level for all of them and an array of their descriptors, so that what happens with an event
happens once, and a member costs no step of Python. A member who falls behind, or has something of its own to
be told, stands alone until it is level again.
"""

from __future__ import annotations

import time
from array import array

from quart_app.live.rooms.room import Room
from quart_app.live.streams import frames
from quart_app.live.streams.position import Level
from quart_app.live.streams.subscriber import Subscriber
from quart_app.live.streams.views import View
from quart_app.live.wires.port import Block, Fleet, Wire


class Cohort:
    """The subscribers of one view over one kind of wire: ``residents`` belong to it, ``members`` stand in it,
    and who stands alone is in ``loose``.

    While a block is handed out, the first ``_done`` members have it and the others do not yet: whoever comes
    or goes meanwhile does so on the right side.
    """

    def __init__(
        self, room: Room, view: View, fleet: Fleet, beating: bool, loose: dict[Subscriber, None]
    ) -> None:
        self.residents = 0
        self.members: list[Subscriber] = []
        self._wires: list[Wire] = []
        self._descriptors = array("i")
        self._room = room
        self._view = view
        self._fleet = fleet
        self._beating = beating  # whether each has heartbeats of its own
        self._loose = loose
        self._level = self._after = Level(room.epoch, room.head)
        self.last_write = 0.0  # when something was last written to all (monotonic)
        self._events = self._bytes = 0
        self._block: Block | None = None  # what is handed out, leading to ``_after``
        self._shown = 0  # how many events it shows
        self._done = 0
        self._had: set[Subscriber] = set()  # who has it, and has left since
        self._whisper: Block | None = None
        self._silent = False

    # Who stands here (streams.subscriber.Home)

    def level_of(self, place: int) -> Level:
        """Where the member at this place stands."""
        return self._after if place < self._done else self._level

    def counted(self, place: int) -> tuple[int, int]:
        """How many events and bytes whoever had been at this place from the beginning would have got."""
        if place < self._done and self._block is not None:
            return self._events + self._shown, self._bytes + len(self._block.raw)
        return self._events, self._bytes

    def take_in(self, subscriber: Subscriber) -> None:
        """Let a subscriber stand with the others, if it is level with them."""
        level, written, end = subscriber.level, subscriber.last_write, len(self.members)
        if not end:
            self._finish()
            self._level, self.last_write = level, written
        if (
            self._block is not None
            and level == self._after
            and (level != self._level or subscriber in self._had)
        ):
            place, self._done = self._done, self._done + 1
        elif level == self._level:
            place = end
        else:
            return
        self.members.append(subscriber)
        self._wires.append(subscriber.wire)
        self._descriptors.append(subscriber.wire.descriptor)
        if place != end:
            self._put(self.members[place], end)
            self._put(subscriber, place)
        subscriber.stand_in(self, place)
        self.last_write = min(self.last_write, written)
        self._loose.pop(subscriber, None)

    def let_go(self, subscriber: Subscriber) -> None:
        """Let a member stand for itself."""
        subscriber.stand_alone()
        place, last = subscriber.place, len(self.members) - 1
        if place < self._done:
            self._had.add(subscriber)
            self._done -= 1
            self._put(self.members[self._done], place)
            place = self._done
        if place != last:
            self._put(self.members[last], place)
        self.members.pop()
        self._wires.pop()
        self._descriptors.pop()
        self._loose[subscriber] = None

    def _put(self, member: Subscriber, place: int) -> None:
        self.members[place] = member
        self._wires[place] = member.wire
        self._descriptors[place] = member.wire.descriptor
        member.place = place

    # What all are told

    def whisper(self, block: Block) -> None:
        """Tell the members with the next pass what may as well get lost, if they overhear it."""
        if self._view.overhears and self.members:
            self._whisper = block

    def break_silence(self, since: float) -> int:
        """Let the members have a heartbeat with the next pass, if they have had nothing since then; but not
        those who have heartbeats of their own. Gives how many."""
        self._silent = self.last_write <= since and bool(self.members) and not self._beating
        return len(self.members) if self._silent else 0

    def begin(self) -> bool:
        """Take up what comes next for the members; False if nothing does, or each has to see for itself."""
        try:
            return bool(self.members) and self._take_up()
        except Exception:
            self._dissolve()  # each is pumped; a fault of ours cuts those whom it concerns
            return False

    def advance(self) -> bool:
        """Hand what was taken up to some more members; False once all have it."""
        block, start = self._block, self._done
        if block is None:
            return False  # all had left in the middle of it, and somebody else has come
        if start < len(self.members):
            stop = self._done = min(len(self.members), start + self._fleet.at_once)
            self._room.delivered_events += self._shown * (stop - start)
            self._room.delivered_bytes += len(block.raw) * (stop - start)
            handed = self.members[start:stop]
            try:
                unwell = self._fleet.write(self._wires, self._descriptors, start, stop, block)
                for subscriber in [self.members[place] for place in unwell]:
                    self.let_go(subscriber)
            except Exception as error:  # who has got what, nobody knows
                for subscriber in handed:
                    subscriber.fail(error)
        if self._done < len(self.members):
            return True
        self._finish()
        return False

    @property
    def behind(self) -> bool:
        """Whether there is more of the log for the members by now."""
        return bool(self.members) and self._level.cursor < self._room.head

    def _take_up(self) -> bool:
        room, level = self._room, self._level
        if level.epoch != room.epoch or level.cursor < room.oldest:
            self._dissolve()
            return False
        block, self._shown = None, 0
        if level.cursor < room.head:
            chunk = room.chunk(self._view, level.cursor, False)
            block, self._shown = chunk.block, chunk.events
            self._after = Level(level.epoch, chunk.cursor, chunk.owed)
            if block is None:
                self._level = self._after
        if block is None and self._whisper is not None:
            block, self._whisper, self._after = self._whisper, None, self._level
        if block is None and self._silent:
            block, self._after = Block(frames.breaking_silence(self._level.untold)), self._level.told()
        if block is not None:
            self._block, self._silent = block, False
            self.last_write = time.monotonic()
        return block is not None

    def _finish(self) -> None:
        """All members have what was handed out."""
        if self._block is not None:
            self._events += self._shown
            self._bytes += len(self._block.raw)
            self._level, self._block, self._done = self._after, None, 0
            self._had.clear()

    def _dissolve(self) -> None:
        for subscriber in self.members[:]:
            self.let_go(subscriber)
