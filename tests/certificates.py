"""Certificates of the tests' own, made by openssl: an authority for a day, and what it vouches for."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


class Authority:
    """A certificate authority in a folder. Nobody trusts it but those who are given its ``file``.

    ``certificate`` and ``key`` are the files of a server on this machine's loopback.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file, own_key = self._make(
            "authority", "CN=tests", "-addext", "keyUsage=critical,keyCertSign,cRLSign"
        )
        self.certificate, self.key = self._make(
            "server",
            "CN=localhost",
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-addext", "basicConstraints=critical,CA:false"),
            *("-CA", str(self.file), "-CAkey", str(own_key)),
        )

    def context(self) -> ssl.SSLContext:
        """What a client needs to trust it."""
        return ssl.create_default_context(cafile=str(self.file))

    def _make(self, name: str, subject: str, *options: str) -> tuple[Path, Path]:
        """A certificate, by itself unless the options name who vouches for it, and its key."""
        certificate, key = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        made = subprocess.run(
            [
                *("openssl", "req", "-x509", "-nodes", "-days", "1"),
                *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-subj", f"/{subject}", "-out", str(certificate), "-keyout", str(key)),
                *options,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        return certificate, key
