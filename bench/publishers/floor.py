"""Sends events to the floor, a line each.

python -m bench.publishers.floor PORT --first … (see Order)
"""

from __future__ import annotations

import asyncio

from bench.publishing import Order, payload


async def main() -> None:
    """Carry out the order on the command line."""
    order = Order.from_arguments()
    _, writer = await asyncio.open_connection("127.0.0.1", int(order.targets[0]))
    writer.write(b"PUB\n")
    await writer.drain()

    async def publish(number: int) -> None:
        writer.write(payload(number).encode() + b"\n")
        await writer.drain()

    await asyncio.sleep(0.1)  # the floor takes what comes first, alone, for the kind of connection
    await order.perform(publish)
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
