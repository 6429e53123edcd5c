"""Channels: a consumer per client that holds its HTTP answer open, in a group of the channel layer.

``BENCH_CHANNEL_LAYER`` names the layer's class, ``BENCH_REDIS_URL`` its Redis.
"""

from __future__ import annotations

import os

import django
from channels.generic.http import AsyncHttpConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

LAYER = "default"
GROUP = "tournament"

settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={
        LAYER: {
            "BACKEND": os.environ["BENCH_CHANNEL_LAYER"],
            "CONFIG": {
                "hosts": [
                    {
                        "address": os.environ["BENCH_REDIS_URL"],
                        # by default a hundred connections, and joins that come together fail
                        "max_connections": 10_000,
                        # by default as short as the layer's own waits, and silent streams fail
                        "socket_timeout": None,
                    }
                ],
                # by default a hundred messages, and a client that is late loses some
                "capacity": 10_000,
                "expiry": 600,
            },
        }
    },
)
django.setup()


class Feed(AsyncHttpConsumer):
    """One client's stream."""

    async def handle(self, body: bytes) -> None:
        """Answer with the head and a first comment, and join the group."""
        await self.channel_layer.group_add(GROUP, self.channel_name)
        self.number = 0
        await self.send_headers(headers=[(b"Content-Type", b"text/event-stream")])
        await self.send_body(b": joined\n\n", more_body=True)

    async def http_request(self, message: dict[str, object]) -> None:
        """Begin to answer, and stay: the base class would end the answer here."""
        await self.handle(b"")

    async def disconnect(self) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def tournament_event(self, message: dict[str, str]) -> None:
        """Send on what the group is sent."""
        self.number += 1
        frame = f"id: {self.number}\nevent: score_updated\ndata: {message['text']}\n\n"
        await self.send_body(frame.encode(), more_body=True)


application = ProtocolTypeRouter({"http": URLRouter([path("feed/", Feed.as_asgi())])})
