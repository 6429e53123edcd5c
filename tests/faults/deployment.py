"""The program as an operator runs it: ``python -m quart_app serve``, with its workers, as real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import fields, replace
from pathlib import Path

from quart_app.settings import Settings
from tests.services import Server, free_port

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(__file__).with_name("site")
"""What its processes import first."""
OPEN_FILES = 1024


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make ``Settings.from_env`` give these settings."""
    variables = {}
    for spec in fields(settings):
        value = getattr(settings, spec.name)
        if spec.name == "secret_keys":
            value = ",".join(f"{key.kid}:{key.secret}" for key in value)
        elif isinstance(value, tuple):
            value = ",".join(value)
        if value not in (None, ""):
            variables[spec.metadata["env"]] = str(value)
    return variables


class Deployment(Server):
    """One ``serve``, which keeps its port when it is started again. Its database must be migrated."""

    def __init__(self, settings: Settings, *, workers: int = 1) -> None:
        super().__init__()
        self.settings = replace(
            settings, port=free_port(), host="127.0.0.1", environment="production", workers=workers
        )
        self.port = self.settings.port

    @property
    def url(self) -> str:
        """The address of its pages, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """``serve`` in an environment of its own, less the operator's."""
        variables = environment(self.settings) | {"PYTHONPATH": f"{SITE}:{ROOT}", "PATH": os.environ["PATH"]}
        pairs = [f"{name}={value}" for name, value in variables.items()]
        serve = ["env", "--ignore-environment", *pairs, sys.executable, "-m", "quart_app", "serve"]
        # with the few open files that a login allows at first, whatever the tests' own environment has
        return ["/bin/sh", "-c", f'ulimit -S -n {OPEN_FILES} && exec "$@"', "sh", *serve]

    async def answers(self) -> None:
        """It says that it is alive, with all of its workers: each has a listening socket of its own."""
        if self._listening() < self.settings.workers:
            raise ConnectionError("not all of its workers listen yet")
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
            if not (await reader.readline()).startswith(b"HTTP/1.1 200"):
                raise ConnectionError("not alive yet")
        finally:
            writer.close()

    def _listening(self) -> int:
        sockets = Path("/proc/net/tcp").read_text().splitlines()
        return sum(f":{self.port:04X} 00000000:0000 0A " in each for each in sockets)

    def workers(self) -> list[int]:
        """The process ids of its workers, while there are several."""
        assert self._process is not None
        pid = self._process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    async def stop(self) -> int:
        """End it as an operator does (SIGTERM), and give its exit code. Fails when it takes ten seconds."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 10)
