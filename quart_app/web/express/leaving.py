"""Those who have left: Hypercorn keeps the connection of each for as long as one on which more may be asked.

Its task of a connection ends only once the timer of the idle ones has run out, though nobody is at the other
end any more. Behind a proxy that timer has to be long, and thousands who look at one page and go would each
leave a task and an open file behind for that time, and then a circle of some sixty objects.
"""

from __future__ import annotations

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer

from quart_app.web.express.handover import ADOPTABLE_HYPERCORN, HYPERCORN


class PromptServer(TCPServer):
    """Hypercorn's server of one connection, which ends once the client has left and what it asked is over.

    It lets go then of what holds it. Where something has failed or was cut off, a traceback may hold it all
    the same: so many are ``left_behind``, over and still in memory, until Python's collector comes by.
    """

    left_behind = 0

    _left = False
    _over = False

    async def run(self) -> None:
        """Serve the connection, unless its client has left already: uvloop has no socket then that could be
        asked who that was."""
        if self.writer.transport.is_closing():
            return
        try:
            await super().run()
        finally:
            vars(self).pop("protocol", None)
            self._over = True
            PromptServer.left_behind += 1

    def __del__(self) -> None:
        PromptServer.left_behind -= self._over

    async def _read_data(self) -> None:
        await super()._read_data()
        self._left = True
        await self.idle_task.stop()

    async def _idle_timeout(self) -> None:
        if not self._left:
            await super()._idle_timeout()


def notice_leaving() -> bool:
    """Have Hypercorn, where it is one that is known, serve connections so from now on; gives whether it
    does."""
    known = HYPERCORN in ADOPTABLE_HYPERCORN
    if known:
        run.TCPServer = PromptServer  # type: ignore[attr-defined]
    return known
