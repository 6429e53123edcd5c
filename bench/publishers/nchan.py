"""Sends events to nchan, each as an HTTP POST on one kept connection.

python -m bench.publishers.nchan PORT PATH --first … (see Order)
"""

from __future__ import annotations

import asyncio
import http.client

from bench.publishing import Order, payload


async def main() -> None:
    """Carry out the order on the command line."""
    order = Order.from_arguments()
    port, path = order.targets
    connection = http.client.HTTPConnection("127.0.0.1", int(port))
    connection.connect()

    async def publish(number: int) -> None:
        connection.request("POST", path, payload(number), {"X-EventSource-Event": "score_updated"})
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 201, 202):
            raise SystemExit(f"nchan answered {answer.status}")

    await order.perform(publish)
    connection.close()


if __name__ == "__main__":
    asyncio.run(main())
