"""Sends events to a group of Channels, through its layer.

    python -m bench.publishers.channels GROUP --first … (see Order)

Runs in the peers' virtual environment; the app's settings come from the environment, as the server's do.
"""

from __future__ import annotations

import asyncio

from channels.layers import get_channel_layer

from bench.apps import channels_app
from bench.publishing import Order, payload


async def main() -> None:
    """Carry out the order on the command line."""
    order = Order.from_arguments()
    layer = get_channel_layer(channels_app.LAYER)

    async def publish(number: int) -> None:
        await layer.group_send(order.targets[0], {"type": "tournament.event", "text": payload(number)})

    await layer.group_send("nobody", {"type": "tournament.event", "text": ""})  # connects
    await order.perform(publish)


if __name__ == "__main__":
    asyncio.run(main())
