"""Answers that are the same for everyone: built once, compressed once, and not sent to who has them already.

A page depends on nothing but the state it shows, so it is kept under that state; a static file is kept as it
was when first asked for. Nothing secret is ever in such a body, so compressing it gives nothing away.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import posixpath
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from quart import Response, request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_accept_header, parse_etags, unquote_etag
from werkzeug.security import safe_join

from quart_app.errors import NotFound
from quart_app.show.templating import version_of

PAGES_KEPT = 128
COMPRESSED_FROM_BYTES = 1024
HTML = "text/html; charset=utf-8"

KEPT_FOR_EVER = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
ASKED_AGAIN_PRIVATELY = "no-cache, private"


@dataclass(frozen=True)
class Stored:
    """A body with its type. ``etag`` names the content, so it is the same on every worker."""

    body: bytes
    content_type: str

    @cached_property
    def etag(self) -> str:
        """A weak entity tag (RFC 9110, section 8.8.3): compressed or not, it is the same page."""
        return f'W/"{hashlib.sha256(self.body).hexdigest()[:20]}"'

    @cached_property
    def version(self) -> str:
        """What the address of a file with this content ends in."""
        return version_of(self.body)

    @cached_property
    def compressed(self) -> bytes | None:
        """The body in gzip, None where that is not worth it."""
        if len(self.body) < COMPRESSED_FROM_BYTES or self.content_type.startswith("image/png"):
            return None
        return gzip.compress(self.body, mtime=0)

    def answer(self, cache_control: str, asked: Headers) -> Response:
        """The answer to these headers of a request: 304 if the client has it, compressed if it reads that."""
        headers = {"ETag": self.etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
        if is_known(self.etag, asked):
            return not_modified(headers)
        if self.compressed is not None and _reads_gzip(asked.get("Accept-Encoding", "")):
            headers["Content-Encoding"] = "gzip"
            return Response(self.compressed, 200, headers, content_type=self.content_type)
        return Response(self.body, 200, headers, content_type=self.content_type)


def is_known(etag: str, asked: Headers) -> bool:
    """Whether a request has what this entity tag names, by its ``If-None-Match`` (RFC 9110, section
    13.1.2)."""
    known = asked.get("If-None-Match")
    if known is None:
        return False
    tags = parse_etags(known)
    return tags.star_tag or tags.contains_weak(unquote_etag(etag)[0] or "")


def not_modified(headers: Mapping[str, str]) -> Response:
    """A 304: the headers that tell caches what they have, and nothing of a body (RFC 9110, section
    15.4.5)."""
    return _bare(304, headers)


def no_content(headers: Mapping[str, str]) -> Response:
    """A 204, which says nothing of a body, not even that it is empty (RFC 9110, section 8.6)."""
    return _bare(204, headers)


def _bare(status: int, headers: Mapping[str, str]) -> Response:
    response = Response(b"", status, dict(headers))
    del response.headers["Content-Type"], response.headers["Content-Length"]
    return response


def _reads_gzip(accepted: str) -> bool:
    return "gzip" in accepted and parse_accept_header(accepted).quality("gzip") > 0


class PageCache:
    """The pages of one worker that were asked for last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Stored] = OrderedDict()
        self._coming: dict[Hashable, asyncio.Task[Stored]] = {}

    def kept(self, key: Hashable) -> Stored | None:
        """The page under ``key``, if it is kept."""
        stored = self._kept.get(key)
        if stored is not None:
            self._kept.move_to_end(key)
        return stored

    async def page(self, key: Hashable, render: Callable[[], Awaitable[str]]) -> Stored:
        """The page kept under ``key``, which must name everything that it depends on.

        Rendered if need be, once however many ask for it meanwhile. Raises what ``render`` raises.
        """
        stored = self.kept(key)
        if stored is not None:
            return stored
        coming = self._coming.get(key)
        if coming is None:
            coming = self._coming[key] = asyncio.ensure_future(self._rendered(key, render))
            coming.add_done_callback(lambda _: self._coming.pop(key, None))
        # shielded: who hangs up must not take the page from the others
        return await asyncio.shield(coming)

    async def _rendered(self, key: Hashable, render: Callable[[], Awaitable[str]]) -> Stored:
        stored = self._kept[key] = Stored((await render()).encode(), HTML)
        while len(self._kept) > PAGES_KEPT:
            self._kept.popitem(last=False)
        return stored


class StaticFiles:
    """The files below one folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, Stored] = {}

    def answer(self, name: str) -> Response:
        """A file by its path. Under an address with its version it may be kept for ever. Raises NotFound."""
        stored = self._kept.get(name)
        if stored is None:
            path = safe_join(str(self._folder), name)
            # one name for each file, or anybody could have it kept under as many as they can think of
            if path is None or posixpath.normpath(name) != name or not _is_file(path):
                raise NotFound("There is no such file.")
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            if kind.startswith("text/"):
                kind += "; charset=utf-8"
            stored = self._kept[name] = Stored(Path(path).read_bytes(), kind)
        # a worker of another version may be asked for what it does not have: that must not be kept for ever
        right = request.args.get("v") == stored.version
        return stored.answer(KEPT_FOR_EVER if right else ASKED_AGAIN, request.headers)


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:
        return False  # a name longer than any file's
