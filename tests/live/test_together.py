"""What goes on side by side ends as one, and a cancelled caller is never taken for one who may go on."""

from __future__ import annotations

import asyncio

import pytest

from quart_app.live.together import together


async def test_the_first_failure_ends_the_others() -> None:
    """And is raised as it was."""
    ended: list[str] = []

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("gone")

    async def goes_on() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("others")

    with pytest.raises(ConnectionError, match="gone"):
        await together(goes_on(), fails())
    assert ended == ["others"]


async def test_who_is_cancelled_while_the_others_end_is_cancelled() -> None:
    """However long they take to end, and whoever tries again after each failure stops."""
    ending = asyncio.Event()

    async def fails() -> None:
        raise ConnectionError("gone")

    async def ends_slowly() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await asyncio.sleep(0.05)

    async def tries_again() -> None:
        while True:
            try:
                await together(ends_slowly(), fails())
            except ConnectionError:
                await asyncio.sleep(60)

    trying = asyncio.create_task(tries_again())
    await ending.wait()
    trying.cancel()
    done, _ = await asyncio.wait({trying}, timeout=5)
    assert (done, trying.cancelled()) == ({trying}, True)
