"""A real nginx between the browser and the server, which can be told to answer for it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, Self, get_args

import pytest

from tests import services

Trouble = Literal["gateway", "portal", "forbidden", "stripped"]

CONFIGURATION = """
daemon off;
pid nginx.pid;
worker_processes 1;
error_log stderr;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    default_type text/html;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        {buffering}
        location {base}/ {{
            if (-f {folder}/gateway) {{ return 502; }}
            if (-f {folder}/portal) {{ return 200 "<!doctype html><title>Wi-Fi</title><h1>Welcome</h1>"; }}
            proxy_pass http://127.0.0.1:{upstream}{onward}/;
        }}
        location {base}/sse/ {{
            if (-f {folder}/forbidden) {{ return 403; }}
            set $bearer $http_authorization;
            set $cookies $http_cookie;
            if (-f {folder}/stripped) {{
                set $bearer "";
                set $cookies "";
            }}
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header Authorization $bearer;
            proxy_set_header Cookie $cookies;
            proxy_pass http://127.0.0.1:{upstream}{onward}/sse/;
        }}
    }}
}}
"""


AS_RECOMMENDED = "proxy_buffering off;"
COMPRESSING = (
    "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; gzip on; gzip_types *; gzip_proxied any;"
)
"""Fill a buffer before anything is passed on, whatever the server asks for."""


class Nginx(services.Server):
    """nginx before the server at ``upstream``; ``trouble`` says what it answers instead of passing on.

    Only what is below ``base`` is the server's, which is asked for it below ``onward``.
    """

    def __init__(
        self, upstream: int, base: str = "", onward: str = "", buffering: str = AS_RECOMMENDED
    ) -> None:
        super().__init__()
        user = "user root;" if os.geteuid() == 0 else ""
        text = CONFIGURATION.format(
            port=self.port,
            folder=self.folder,
            upstream=upstream,
            base=base,
            onward=onward,
            user=user,
            buffering=buffering,
        )
        (self.folder / "nginx.conf").write_text(text)

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """nginx in the foreground, with all its files in its folder."""
        found = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
        if found is None:
            pytest.fail("nginx is not installed; on Debian: apt-get install nginx", pytrace=False)
        return [found, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]

    async def answers(self) -> None:
        """Return when it listens."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()

    def trouble(self, kind: Trouble) -> None:
        """Answer pages and forms with "502 Bad Gateway" or a hall's own page, or feeds with a refusal; or
        pass feeds on without what shows who asks."""
        (self.folder / kind).touch()

    def mend(self) -> None:
        """Pass everything on again."""
        for kind in get_args(Trouble):
            Path(self.folder / kind).unlink(missing_ok=True)

    @classmethod
    @asynccontextmanager
    async def before(
        cls, upstream: int, base: str = "", onward: str = "", buffering: str = AS_RECOMMENDED
    ) -> AsyncIterator[Self]:
        """A running one."""
        proxy = cls(upstream, base, onward, buffering)
        try:
            await proxy.start()
            yield proxy
        finally:
            await proxy.close()
