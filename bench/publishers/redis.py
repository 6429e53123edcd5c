"""Sends events to a channel of Redis, for the peers that listen there themselves.

python -m bench.publishers.redis URL CHANNEL --first … (see Order)
"""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bench.publishing import Order, payload


async def main() -> None:
    """Carry out the order on the command line."""
    order = Order.from_arguments()
    url, channel = order.targets
    redis = Redis.from_url(url)
    await redis.ping()

    async def publish(number: int) -> None:
        await redis.publish(channel, payload(number))

    await order.perform(publish)
    await redis.aclose()


if __name__ == "__main__":
    asyncio.run(main())
