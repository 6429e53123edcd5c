"""nginx, Caddy and HAProxy as the tests' own, each with a configuration of docs/operations.md."""

from __future__ import annotations

import asyncio
import os
import re
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from tests.certificates import Authority
from tests.services import Server, binary

OPERATIONS = Path(__file__).parents[1] / "docs/operations.md"
HOST = "grandstand.example"


def documented(title: str, opening: str) -> str:
    """The block of a section of docs/operations.md that begins with these words."""
    section = re.split(rf"^###? {title}$", OPERATIONS.read_text(), flags=re.MULTILINE)[1]
    blocks: list[str] = re.findall(r"^```\w*\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.lstrip().startswith(opening))


class Proxy(Server):
    """A proxy as docs/operations.md has it: only its addresses, its files and its certificate are the tests'
    own.

    It serves all that ``upstream`` has, or with ``base`` what is below that, and passes the base on or
    takes it off.
    """

    def __init__(self, upstream: int, base: str = "", *, takes_off: bool = False) -> None:
        super().__init__()
        self.authority = Authority(self.folder)
        text = self.documented(base, takes_off=takes_off)
        # one worker stands for both
        text = re.sub(r"^(?!.*:8000).*127\.0\.0\.1:8001.*\n", "", text, flags=re.MULTILINE)
        text = self.mine(text.replace(" 127.0.0.1:8001", ""))
        # last: its digits are nothing that anybody still looks for
        (self.folder / "configuration").write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}"))

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"https://127.0.0.1:{self.port}"

    @abstractmethod
    def documented(self, base: str, *, takes_off: bool) -> str:
        """The configuration as the docs have it."""

    @abstractmethod
    def mine(self, text: str) -> str:
        """The configuration with addresses and files of this machine."""

    async def answers(self) -> None:
        """Return when it listens."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()

    @classmethod
    @asynccontextmanager
    async def before(cls, upstream: int, base: str = "", *, takes_off: bool = False) -> AsyncIterator[Self]:
        """A running one."""
        proxy = cls(upstream, base, takes_off=takes_off)
        try:
            await proxy.start()
            yield proxy
        finally:
            await proxy.close()


class Nginx(Proxy):
    """nginx, with what its main part needs."""

    def documented(self, base: str, *, takes_off: bool) -> str:
        """The two servers; below a path, with the three locations that are for that."""
        text = documented("nginx", "upstream")
        if base:
            locations = documented("Below a path", "location")
            if takes_off:
                locations = re.sub(
                    r"(location (?:= )?/cup(\S*) \{.*?proxy_pass http://grandstand);",
                    r"\1\2;",
                    locations,
                    flags=re.DOTALL,
                )
            text = re.sub(
                r"^    location / .*?^\}", lambda _: f"{locations}}}", text, count=1, flags=re.M | re.S
            )
        return text

    def mine(self, text: str) -> str:
        """Below its folder, and with nothing on port 80."""
        text = text.rpartition("server {")[0].replace(HOST, "_")
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.port} ")
        text = text.replace("/etc/ssl/grandstand/cert.pem", str(self.authority.certificate))
        text = text.replace("/etc/ssl/grandstand/key.pem", str(self.authority.key))
        text = text.replace("/var/log/nginx/", f"{self.folder}/")
        user = "user root;" if os.geteuid() == 0 else ""
        paths = "".join(
            f"{each}_temp_path {each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = f"daemon off; pid nginx.pid; worker_processes 1; error_log stderr; {user} events {{}}"
        return f"{main}\nhttp {{\n{paths}\n{text}\n}}\n"

    def command(self) -> list[str]:
        """nginx in the foreground, with all its files in its folder."""
        return [binary("nginx", "nginx"), "-p", str(self.folder), "-c", "configuration", "-e", "stderr"]


class Caddy(Proxy):
    """Caddy, with a certificate that it is given instead of one that it fetches."""

    def documented(self, base: str, *, takes_off: bool) -> str:
        """The one site."""
        text = documented("Below a path" if base else "Caddy", HOST)
        return text.replace("handle /cup/*", "handle_path /cup/*") if takes_off else text

    def mine(self, text: str) -> str:
        """Without its own port 80, and nothing outside its folder."""
        site = f"https://127.0.0.1:{self.port} {{\n\ttls {self.authority.certificate} {self.authority.key}"
        files = f"admin off\n\tauto_https disable_redirects\n\tstorage file_system {self.folder}/files"
        return f"{{\n\t{files}\n}}\n{text.replace(f'{HOST} {{', site)}"

    def command(self) -> list[str]:
        """Caddy in the foreground."""
        return [
            *(binary("caddy", "caddy"), "run", "--adapter", "caddyfile"),
            *("--config", str(self.folder / "configuration")),
        ]


class HAProxy(Proxy):
    """HAProxy, which takes a certificate and its key from one file."""

    def documented(self, base: str, *, takes_off: bool) -> str:
        """Its three sections; at the root everything is the server's."""
        text = documented("Below a path", "defaults")
        if not base:
            text = re.sub(r"use_backend (\w+) .*", r"default_backend \1", text).replace("/cup/", "/")
        if takes_off:
            redirect = "http-request redirect location /cup/ if { path /cup }"
            text = text.replace("use_backend", f"{redirect}\n    use_backend")
            path = r"http-request replace-path /cup(/.*) \1"
            text = text.replace("option httpchk", f"{path}\n    option httpchk")
        return text

    def mine(self, text: str) -> str:
        """With the certificate and its key as one."""
        both = self.folder / "both.pem"
        both.write_text(self.authority.certificate.read_text() + self.authority.key.read_text())
        text = text.replace("/etc/ssl/grandstand/both.pem", str(both))
        return text.replace("bind :443", f"bind 127.0.0.1:{self.port}")

    def command(self) -> list[str]:
        """HAProxy in the foreground."""
        return [binary("haproxy", "haproxy"), "-db", "-f", str(self.folder / "configuration")]
