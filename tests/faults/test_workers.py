"""Workers that crash or are replaced: the others go on, and nobody loses anything."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from tests.faults.conftest import Campaigns
from tests.faults.deployment import Deployment
from tests.live.listening import until

DRAINING = 1012


async def until_replaced(deployment: Deployment, pid: int) -> None:
    """Wait until a worker has gone and another one has come."""

    def replaced() -> bool:
        pids = deployment.workers()
        return pid not in pids and len(pids) == deployment.settings.workers

    await until(replaced, 30)


async def test_worker_killed(campaigns: Campaigns, deployment: Deployment) -> None:
    """SIGKILL ends the streams of one worker; its spectators come back, and the other's notice nothing."""
    async with campaigns() as campaign:
        await campaign.play(campaign.chance.randint(3, 8))
        pid = campaign.chance.choice(deployment.workers())
        playing = asyncio.create_task(campaign.play(20))
        os.kill(pid, signal.SIGKILL)
        await playing
        await until_replaced(deployment, pid)
        await campaign.play(5)
        await campaign.verdict()
        cut = {spectator.connections > 1 for spectator in campaign.spectators}
        assert cut == {True, False}


async def test_rolling_restart(campaigns: Campaigns, deployment: Deployment) -> None:
    """Each worker in turn is told to stop: it says goodbye to its spectators, and a new one takes over."""
    async with campaigns() as campaign:
        playing = asyncio.create_task(campaign.play(40))
        for pid in deployment.workers():
            os.kill(pid, signal.SIGTERM)
            await until_replaced(deployment, pid)
        await playing
        await campaign.verdict()
        goodbyes = [spectator.goodbyes for spectator in campaign.spectators]
        assert all(codes and set(codes) == {DRAINING} for codes in goodbyes)


@pytest.mark.serial
async def test_whole_deployment_restarted(campaigns: Campaigns, deployment: Deployment) -> None:
    """With all its streams open it stops within five seconds, and is found again at the same port."""
    async with campaigns() as campaign:
        await campaign.play(5)
        begun = time.monotonic()
        code = await deployment.stop()
        seconds = time.monotonic() - begun
        playing = asyncio.create_task(campaign.play(10))
        await deployment.start()
        await playing
        await campaign.verdict()
        assert (code, seconds < 5.0) == (0, True)
