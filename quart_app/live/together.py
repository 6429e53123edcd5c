"""Several things that go on side by side until one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn


async def together(*parts: Coroutine[Any, Any, object]) -> NoReturn:
    """Run all of them until one fails, end the others and raise its error. None of them may end by itself.

    Whoever is cancelled is cancelled, also while the others are still ending: the TaskGroup of Python 3.11
    raises the failure then, and a caller that tries again after each would never stop.
    """
    tasks = [asyncio.create_task(part) for part in parts]
    cancelled: asyncio.CancelledError | None = None
    failed: set[asyncio.Task[object]] = set()
    try:
        failed, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError as error:
        cancelled = error
    for task in tasks:
        task.cancel()
    while running := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(running)
        except asyncio.CancelledError as error:
            cancelled = error
    errors = {task: None if task.cancelled() else task.exception() for task in tasks}
    if cancelled is not None:
        raise cancelled
    for task in tasks:
        if task in failed and (failure := errors[task]) is not None:
            raise failure
    raise AssertionError("what never ends has ended")
