"""The browser that all browser tests share; each has a context of its own in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.browsing import chromium


@pytest_asyncio.fixture(scope="session", name="browser")
async def _browser() -> AsyncIterator[Browser]:
    """A running Chromium."""
    async with chromium() as browser:
        yield browser
