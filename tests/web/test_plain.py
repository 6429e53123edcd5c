"""The plain head: whatever is read here, h11 reads the same."""

from __future__ import annotations

from urllib.parse import unquote

import h11
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from quart_app.web.express import plain

LINE = b"GET /sse/tournaments/7/?token=a.b HTTP/1.1\r\n"
HOST = b"Host: example.org\r\n"
GOOD = [
    LINE + HOST + b"\r\n",
    LINE + b"hOST:example.org\r\n\r\n",
    LINE + HOST + b"Accept: text/event-stream  \r\nX-Empty:\r\nX-Blank:   \r\n\r\n",
    LINE + HOST + b"Connection: Keep-Alive\r\n\r\n",
    LINE + HOST + b"Last-Event-ID: a-1\r\nLast-Event-ID: a-2\r\nCookie: a=b; c=d\r\n\r\n",
    b"GET //%2e%2E/%ff?x HTTP/1.1\r\n" + HOST + b"\r\n",
]
NOT_PLAIN = {
    "nothing": b"",
    "the beginning of one": (LINE + HOST)[:-1],
    "another method": LINE.replace(b"GET", b"HEAD") + HOST + b"\r\n",
    "a method in lower case": LINE.replace(b"GET", b"get") + HOST + b"\r\n",
    "an older version": LINE.replace(b"1.1", b"1.0") + HOST + b"\r\n",
    "an absolute target": b"GET http://example.org/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "a target beyond ASCII": "GET /ä HTTP/1.1\r\n".encode() + HOST + b"\r\n",
    "two spaces": LINE.replace(b" /", b"  /") + HOST + b"\r\n",
    "no host": LINE + b"Accept: */*\r\n\r\n",
    "no header": LINE + b"\r\n",
    "two hosts": LINE + HOST + HOST + b"\r\n",
    "a bare line feed": LINE + HOST.replace(b"\r", b"") + b"\r\n",
    "bare line feeds only": (LINE + HOST + b"\r\n").replace(b"\r", b""),
    "a folded header": LINE + HOST + b"X: a\r\n b\r\n\r\n",
    "a space before the colon": LINE + b"Host : example.org\r\n\r\n",
    "a name of nothing": LINE + HOST + b": x\r\n\r\n",
    "a zero byte": LINE + HOST + b"X: a\0b\r\n\r\n",
    "a value beyond ASCII": LINE + HOST + b"X: \xff\r\n\r\n",
    "a tab": LINE + HOST + b"X:\ta\r\n\r\n",
    "a carriage return": LINE + HOST + b"X: a\rb\r\n\r\n",
    "a length": LINE + HOST + b"content-length: 0\r\n\r\n",
    "chunks": LINE + HOST + b"Transfer-Encoding: chunked\r\n\r\n",
    "an expectation": LINE + HOST + b"EXPECT: 100-continue\r\n\r\n",
    "another protocol": LINE + HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "another protocol by itself": LINE + HOST + b"Upgrade: h2c\r\n\r\n",
    "a connection to close": LINE + HOST + b"Connection: close\r\n\r\n",
    "a connection to be more": LINE + HOST + b"Connection: keep-alive, TE\r\n\r\n",
    "something behind it": LINE + HOST + b"\r\nX",
    "another request behind it": (LINE + HOST + b"\r\n") * 2,
    "an empty line before it": b"\r\n" + LINE + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c4"),
    "too much": LINE + HOST + b"X: " + b"x" * plain.BYTES_MAX + b"\r\n\r\n",
}


def require_h11_agrees(data: bytes) -> None:
    """Fail unless h11 takes these bytes for the same whole request, with nothing before or behind it."""
    request = plain.read(data)
    assert request is not None
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    theirs = connection.next_event()
    assert isinstance(theirs, h11.Request)
    path, _, query_string = theirs.target.partition(b"?")
    assert (theirs.method, theirs.http_version) == (b"GET", b"1.1")
    assert (request.path, request.query_string) == (unquote(path.decode()), query_string)
    assert request.headers == list(theirs.headers)
    assert isinstance(connection.next_event(), h11.EndOfMessage)
    assert not connection.they_are_waiting_for_100_continue
    assert connection.trailing_data == (b"", False)
    # an answer without a length leaves the connection open, and in chunks
    head = connection.send(h11.Response(status_code=200, headers=[]))
    assert head == b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("data", GOOD)
def test_what_a_stream_is_asked_for_with_is_plain(data: bytes) -> None:
    """As browsers and their like send it."""
    require_h11_agrees(data)


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_doubtful_is_left_to_h11(data: bytes) -> None:
    """Whether that then takes it or not."""
    assert plain.read(data) is None


NAMES = st.sampled_from(
    [b"Host", b"X-A", b"Connection", b"Content-Length", b"Expect", b"Upgrade", b"Te", b"", b"a b"]
) | st.binary(max_size=6)
VALUES = st.sampled_from([b"", b" ", b"keep-alive", b"close", b"0", b"\t", b" x y "]) | st.binary(max_size=8)
ENDS = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"\r", b"\r\n ", b"\r\n\r\n"])
HEADERS = st.lists(st.tuples(NAMES, st.just(b":"), VALUES, ENDS).map(b"".join), max_size=5).map(b"".join)
TARGETS = st.text("/ab%2?#&=.;\\*: ", max_size=12).map(lambda text: b"/" + text.encode())
HEADS = st.tuples(
    st.sampled_from([b"GET "] * 9 + [b"POST ", b"GET\t", b""]),
    TARGETS | st.binary(max_size=8),
    st.sampled_from([b" HTTP/1.1\r\n"] * 9 + [b" HTTP/1.0\r\n", b" HTTP/1.1\n", b"\r\n"]),
    st.sampled_from([HOST] * 9 + [b""]),
    HEADERS,
    st.sampled_from([b"\r\n"] * 9 + [b"", b"\n", b"\r\n\r\n", b"\r\nGET / HTTP/1.1\r\n\r\n"]),
).map(b"".join)


@given(HEADS)
def test_whatever_is_plain_h11_reads_the_same(data: bytes) -> None:
    """Never the other way round: h11 reads much that is not plain."""
    if plain.read(data) is None:
        event("not plain")
        return
    event("plain")
    require_h11_agrees(data)


@given(st.sampled_from(GOOD), st.data())
def test_nearly_plain_requests_are_read_the_same_or_not_at_all(good: bytes, data: st.DataObject) -> None:
    """A good one in which some bytes are others, missing, or new."""
    spoiled = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(spoiled)))
        spoiled[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    if plain.read(bytes(spoiled)) is not None:
        require_h11_agrees(bytes(spoiled))
