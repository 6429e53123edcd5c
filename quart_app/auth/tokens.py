"""Tokens: signed, short-lived proofs of who is asking (JWT, RFC 7519, with the advice of RFC 8725).

A token is good for one audience: a feed token opens the feeds of one tournament, an access token the API, a
refresh token only ``/api/token/refresh/``, a device token nothing at all. Keys have names (``kid``): the
first of the settings signs, every one of them verifies, so a key is rotated by putting a new one in front and
dropping the old one later.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, cast

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm

from quart_app.auth.passwords import mark_of
from quart_app.errors import BadSettings, Unauthenticated
from quart_app.settings import Settings
from quart_app.store.staff import StaffRow, name_key

Audience = Literal["grandstand:feed", "grandstand:api", "grandstand:refresh", "grandstand:device"]
FEED: Final = "grandstand:feed"
API: Final = "grandstand:api"
REFRESH: Final = "grandstand:refresh"
DEVICE: Final = "grandstand:device"

DEVICE_SECONDS: Final = 400 * 24 * 3600
"""How long a browser is known: as long as any keeps a cookie."""

SPECTATOR = "spectator"

_ALGORITHM = "HS256"
_ISSUER: Final = "grandstand"
# How far another worker's clock may run ahead of ours. Never added to the end of a token's life.
_LEEWAY_SECONDS = 5
# Ours have some 400 characters; what is far longer is not worth decoding.
_CHARACTERS_MAX = 2048
_KNOWN_MAX = 16_384

_LAST = datetime.max.replace(microsecond=0, tzinfo=UTC)
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=int(_LAST.timestamp()))]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for, without the token itself. ``tournament_id`` is set for a feed token only,
    ``staff_id`` for all but a spectator's, ``mark`` (of the password) for a staff member's feed token."""

    subject: str
    audience: Audience
    tournament_id: int | None
    role: str
    jti: str
    expires_at: datetime
    staff_id: int | None
    mark: str | None = None


class _Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The claims of a token, as written and as accepted: these, of these types, and no others.

    ``aud`` is compared with the one audience that is asked for, and so may be anything until then.
    """

    iss: Literal["grandstand"]
    aud: object
    sub: str
    iat: _Seconds
    exp: _Seconds
    jti: str
    role: str
    tid: int | None = None
    mark: str | None = None


_read_claims = msgspec.json.Decoder(_Claims).decode


class _Ready(HMACAlgorithm):
    """HMAC with keys that are ready: PyJWT looks into a key whether it is any other's, with every token."""

    def prepare_key(self, key: str | bytes) -> bytes:
        """The key as it is."""
        return cast(bytes, key)


class Tokens:
    """Issues tokens and reads them back. ``clock`` tells the time, with its zone.

    Raises BadSettings without a key.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        if not settings.secret_keys:
            raise BadSettings("GRANDSTAND_SECRET_KEYS: it is not set, so no token can be signed")
        hmac = _Ready(HMACAlgorithm.SHA256)
        self._jws = jwt.PyJWS(algorithms=[], options={"enforce_minimum_key_length": True})
        self._jws.register_algorithm(_ALGORITHM, hmac)
        self._signing_kid = settings.secret_keys[0].kid
        self._secrets = {key.kid: HMACAlgorithm.prepare_key(hmac, key.secret) for key in settings.secret_keys}
        # what our own tokens begin with, so that its header need not be read to find the key
        self._openings = {
            self._signed(b"{}", kid).partition(".")[0]: secret for kid, secret in self._secrets.items()
        }
        self._seconds: dict[Audience, float] = {
            FEED: settings.feed_token_seconds,
            API: settings.access_token_seconds,
            REFRESH: settings.refresh_token_seconds,
            DEVICE: DEVICE_SECONDS,
        }
        self._clock = clock
        # Who comes back after a cut brings the same token: its signature need not be computed anew. Kept are
        # grants by a digest, which are shared with the streams they opened, and no token.
        self._known: dict[bytes, Grant] = {}

    def issue_feed(self, tournament_id: int, *, staff: StaffRow | None) -> tuple[str, Grant]:
        """A token for the feeds of one tournament: the staff member's own, or any spectator's."""
        if staff is None:
            return self._issue(FEED, SPECTATOR, SPECTATOR, tournament_id)
        return self._issue(FEED, str(staff.id), staff.role, tournament_id, mark_of(staff.password_hash))

    def renew_feed(self, grant: Grant) -> tuple[str, Grant]:
        """A fresh token for the same subject, role and tournament. Check the grant first."""
        return self._issue(FEED, grant.subject, grant.role, grant.tournament_id, grant.mark)

    def issue_access(self, staff: StaffRow) -> tuple[str, Grant]:
        """A token for the API."""
        return self._issue(API, str(staff.id), staff.role)

    def issue_refresh(self, staff: StaffRow) -> tuple[str, Grant]:
        """A token for the next pair of tokens; it is worth nothing until its ``jti`` is recorded."""
        return self._issue(REFRESH, str(staff.id), staff.role)

    def issue_device(self, staff: StaffRow) -> str:
        """A token that says of a browser that this member has signed in with it. It grants nothing."""
        token, _ = self._issue(DEVICE, str(staff.id), staff.role, mark=device_mark(staff.name))
        return token

    def read(self, token: str | None, audience: Audience) -> Grant:
        """What the token grants to this audience.

        Raises Unauthenticated, whose ``reason`` is ``missing``, ``malformed``, ``unknown_key``,
        ``bad_signature``, ``expired``, ``not_yet_valid`` or ``wrong_audience``. It holds nothing of the
        token.
        """
        if not token:
            raise Unauthenticated("A token is needed here, and there is none.", reason="missing")
        digest = hashlib.blake2b(token.encode(errors="replace"), digest_size=16).digest()
        grant = self._known.get(digest)
        now = self._clock()
        if grant is None or grant.audience != audience:
            claims = self._verified(token, audience)
            if claims.iat > now.timestamp() + _LEEWAY_SECONDS:
                raise Unauthenticated(
                    "The token is from the future; check the clocks.", reason="not_yet_valid"
                )
            grant = _grant(claims, audience)
            if audience == FEED:
                self._remember(digest, grant, now)
        if grant.expires_at <= now:
            raise Unauthenticated("The token has expired; get a new one.", reason="expired")
        return grant

    def _remember(self, digest: bytes, grant: Grant, now: datetime) -> None:
        """Remember a grant, and forget the oldest where they have expired or are too many."""
        known = self._known
        while known:
            oldest = next(iter(known))
            if len(known) < _KNOWN_MAX and known[oldest].expires_at > now:
                break
            del known[oldest]
        known[digest] = grant

    def _issue(
        self,
        audience: Audience,
        subject: str,
        role: str,
        tournament_id: int | None = None,
        mark: str | None = None,
    ) -> tuple[str, Grant]:
        now = self._clock().timestamp()
        claims = _Claims(
            iss=_ISSUER,
            aud=audience,
            sub=subject,
            iat=math.floor(now),
            # Up, so that a life of less than a second is one.
            exp=math.ceil(now + self._seconds[audience]),
            jti=secrets.token_urlsafe(16),
            role=role,
            tid=tournament_id,
            mark=mark,
        )
        return self._signed(msgspec.json.encode(claims), self._signing_kid), _grant(claims, audience)

    def _signed(self, payload: bytes, kid: str) -> str:
        return self._jws.encode(payload, self._secrets[kid], _ALGORITHM, {"kid": kid})

    def _verified(self, token: str, audience: Audience) -> _Claims:
        """The claims of a token that a key of ours signed for the audience, whatever its time."""
        if len(token) > _CHARACTERS_MAX or not token.isascii():
            raise _malformed()
        try:
            secret = self._openings.get(token.partition(".")[0])
            if secret is None:
                secret = self._secrets.get(jwt.get_unverified_header(token).get("kid", ""))
            if secret is None:
                raise Unauthenticated("The token's key is not in use here (any more).", reason="unknown_key")
            # with its signature as with any JWS; what it claims is compared here, with the app's own clock
            claims = _read_claims(self._jws.decode(token, secret, [_ALGORITHM]))
        except jwt.InvalidSignatureError:
            raise Unauthenticated("The token's signature is wrong.", reason="bad_signature") from None
        except (jwt.PyJWTError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _malformed() from None
        if claims.aud != audience:
            raise Unauthenticated("The token is meant for something else.", reason="wrong_audience")
        if claims.sub != SPECTATOR and not claims.sub.isdecimal():
            raise _malformed()
        if audience == FEED and claims.tid is None:
            raise _malformed()
        return claims


def device_mark(name: str) -> str:
    """What a device's token bears of the name that was signed in with, in whatever case."""
    return hashlib.sha256(name_key(name.strip()).encode()).hexdigest()[:32]


def _malformed() -> Unauthenticated:
    return Unauthenticated("The token cannot be read.", reason="malformed")


def _grant(claims: _Claims, audience: Audience) -> Grant:
    anybody = claims.sub == SPECTATOR
    return Grant(
        # the one word for all of them: there are many, and each is kept as long as its stream
        subject=SPECTATOR if anybody else claims.sub,
        audience=audience,
        tournament_id=claims.tid,
        role=SPECTATOR if claims.role == SPECTATOR else claims.role,
        jti=claims.jti,
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
        staff_id=None if anybody else int(claims.sub),
        mark=claims.mark,
    )
