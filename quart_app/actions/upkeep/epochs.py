"""New epochs, for an operator who has put another database in the place of the one that was served."""

from __future__ import annotations

from quart_app.actions.services import Services
from quart_app.store.tournaments import select_every_epoch, update_epoch
from quart_app.timeline.ledger import new_epoch


async def renew_epochs(services: Services) -> int:
    """Name every log's incarnation anew, in one transaction; gives how many there are.

    Whatever position a client holds then is one of another log, and it is brought to the state of this one.
    Running workers notice by themselves.
    """
    async with services.database.writing() as connection:
        epochs = await select_every_epoch(connection)
        for tournament_id, epoch in epochs.items():
            await update_epoch(connection, tournament_id, epoch=epoch, new_epoch=new_epoch())
    return sum(tournament_id > 0 for tournament_id in epochs)
