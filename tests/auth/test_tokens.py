"""Tokens: what is issued can be read, and nothing else gets in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_app.auth.tokens import API, FEED, REFRESH, Audience, Grant, Tokens
from quart_app.errors import BadSettings, Unauthenticated
from quart_app.readers import SecretKey
from quart_app.settings import Settings
from quart_app.store.staff import StaffRow

NOW = datetime(2026, 11, 24, 12, 0, 0, 250_000, UTC)
OLD, NEW, FOREIGN = (SecretKey(name, name * 40) for name in ("old", "new", "foreign"))
SETTINGS = Settings.for_tests(secret_keys=(NEW, OLD))
STAFF = StaffRow(7, "Ana", "$argon2id$…", "scorer", True, "2026-11-24T00:00:00.000Z")
TOKENS = Tokens(SETTINGS, lambda: NOW)

ISSUERS: dict[Audience, Callable[[Tokens], tuple[str, Grant]]] = {
    FEED: lambda tokens: tokens.issue_feed(3, staff=STAFF),
    API: lambda tokens: tokens.issue_access(STAFF),
    REFRESH: lambda tokens: tokens.issue_refresh(STAFF),
}
CLAIMS = {
    "iss": "grandstand",
    "aud": FEED,
    "sub": "7",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300,
    "jti": "x",
    "role": "scorer",
    "tid": 3,
}


def at(moment: datetime, *keys: SecretKey) -> Tokens:
    """Tokens at a moment, with other keys if they are given."""
    return Tokens(Settings.for_tests(secret_keys=keys or SETTINGS.secret_keys), lambda: moment)


def signed(
    claims: Any,
    *,
    key: SecretKey = NEW,
    algorithm: str | None = "HS256",
    header: dict[str, Any] | None = None,
) -> str:
    """A token made without the project's code, by the book or against it."""
    headers = {"kid": key.kid} if header is None else header
    return jwt.api_jws.encode(
        json.dumps(claims).encode(), key.secret if algorithm else None, algorithm, headers
    )


def refusal(token: str | None, audience: Audience = FEED, tokens: Tokens = TOKENS) -> Unauthenticated:
    """The error that reading a token ends in."""
    with pytest.raises(Unauthenticated) as caught:
        tokens.read(token, audience)
    return caught.value


def reason(token: str | None, audience: Audience = FEED, tokens: Tokens = TOKENS) -> object:
    """Why a token is refused."""
    return refusal(token, audience, tokens).extra["reason"]


@pytest.mark.parametrize("audience", ISSUERS)
def test_a_token_reads_back_as_its_grant(audience: Audience) -> None:
    """What is issued for an audience grants the same when it is read for it."""
    token, grant = ISSUERS[audience](TOKENS)
    assert TOKENS.read(token, audience) == grant


def test_a_spectator_is_nobody_in_particular() -> None:
    """Without a staff member the subject and the role are ``spectator``, for that one tournament."""
    _, grant = TOKENS.issue_feed(3, staff=None)
    assert (grant.subject, grant.role, grant.tournament_id, grant.staff_id) == (
        "spectator",
        "spectator",
        3,
        None,
    )


def test_a_staff_members_feed_token_is_their_own() -> None:
    """The subject is the staff id as a string, the role the member's."""
    _, grant = TOKENS.issue_feed(3, staff=STAFF)
    assert (grant.subject, grant.role, grant.tournament_id, grant.staff_id) == ("7", "scorer", 3, 7)


def test_the_claims_are_those_of_the_contract() -> None:
    """A feed token has these claims and no others; that of a member of staff marks the password too."""
    spectators, staffs = (
        jwt.decode(TOKENS.issue_feed(3, staff=staff)[0], options={"verify_signature": False})
        for staff in (None, STAFF)
    )
    assert set(staffs) - set(spectators) == {"mark"}
    assert {name: type(value) for name, value in spectators.items()} == {
        "iss": str,
        "aud": str,
        "sub": str,
        "iat": int,
        "exp": int,
        "jti": str,
        "tid": int,
        "role": str,
    }


def test_the_first_key_signs() -> None:
    """The header names the newest key and the algorithm."""
    header = jwt.get_unverified_header(TOKENS.issue_access(STAFF)[0])
    assert header == {"alg": "HS256", "kid": "new", "typ": "JWT"}


@pytest.mark.parametrize(
    ("audience", "seconds"),
    [
        (FEED, SETTINGS.feed_token_seconds),
        (API, SETTINGS.access_token_seconds),
        (REFRESH, SETTINGS.refresh_token_seconds),
    ],
)
def test_lives_are_those_of_the_settings(audience: Audience, seconds: float) -> None:
    """Each kind lives as long as its setting says, rounded up to a whole second."""
    _, grant = ISSUERS[audience](TOKENS)
    life = grant.expires_at - NOW
    assert timedelta(seconds=seconds) <= life < timedelta(seconds=seconds + 1)


def test_every_token_has_an_id_of_its_own() -> None:
    """No two share a ``jti``."""
    assert len({TOKENS.issue_access(STAFF)[1].jti for _ in range(100)}) == 100


def test_renewing_keeps_who_and_what() -> None:
    """A renewed grant differs in its id and its end only."""
    _, grant = TOKENS.issue_feed(3, staff=STAFF)
    later = at(NOW + timedelta(seconds=200))
    token, renewed = later.renew_feed(grant)
    assert later.read(token, FEED) == renewed
    assert renewed.jti != grant.jti
    assert renewed.expires_at == grant.expires_at + timedelta(seconds=200)
    assert (renewed.subject, renewed.role, renewed.tournament_id) == ("7", "scorer", 3)


def test_an_older_key_still_verifies() -> None:
    """A token that was signed before the rotation stays good while its key is among the settings."""
    token, grant = at(NOW, OLD).issue_access(STAFF)
    assert TOKENS.read(token, API) == grant


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(token: str | None) -> None:
    """Nothing is ``missing``, not malformed."""
    assert reason(token) == "missing"


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "..", "é" * 20, "eyJhbGciOiJIUzI1NiJ9.e30", "\x00", "a" * 9999]
)
def test_garbage(token: str) -> None:
    """What is no token at all is ``malformed``."""
    assert reason(token) == "malformed"


def test_a_key_that_is_not_ours() -> None:
    """A token under a name that no key of ours has, any more or ever."""
    assert reason(at(NOW, FOREIGN).issue_feed(3, staff=None)[0]) == "unknown_key"


def test_a_token_without_a_key_name() -> None:
    """Ours always name their key."""
    assert reason(signed(CLAIMS, header={})) == "unknown_key"


def test_a_signature_of_another_key() -> None:
    """Our key's name on somebody else's signature."""
    assert reason(signed(CLAIMS, key=FOREIGN, header={"kid": "new"})) == "bad_signature"


def test_changed_claims() -> None:
    """Other claims under an honest signature."""
    head, _, signature = TOKENS.issue_feed(3, staff=None)[0].split(".")
    _, body, _ = signed(CLAIMS | {"tid": 4}).split(".")
    assert reason(f"{head}.{body}.{signature}") == "bad_signature"


@pytest.mark.parametrize("algorithm", [None, "HS512"])
def test_another_algorithm(algorithm: str | None) -> None:
    """Only HS256 is read: not ``none``, and not another with the right key."""
    assert reason(signed(CLAIMS, algorithm=algorithm)) == "malformed"


@pytest.mark.parametrize(("meant", "used"), list(permutations(ISSUERS, 2)))
def test_another_audience(meant: Audience, used: Audience) -> None:
    """A token for one audience is no good for any other."""
    token, _ = ISSUERS[meant](TOKENS)
    assert reason(token, used) in ("wrong_audience", "malformed")


def test_the_audience_is_named_as_the_reason() -> None:
    """An access token on a feed lacks a tournament, and has the wrong audience, which is what is said."""
    assert reason(signed(CLAIMS | {"aud": API})) == "wrong_audience"


def test_a_list_of_audiences() -> None:
    """One audience a token, even if ours is in the list."""
    assert reason(signed(CLAIMS | {"aud": [FEED]})) == "wrong_audience"


def test_the_handmade_claims_are_good() -> None:
    """The claims that the tests here spoil are themselves accepted."""
    assert TOKENS.read(signed(CLAIMS), FEED).tournament_id == 3


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_claim(claim: str) -> None:
    """Every claim is required, the end of life first of all."""
    assert reason(signed({name: value for name, value in CLAIMS.items() if name != claim})) == "malformed"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another"},
        {"sub": 7},
        {"sub": "seven"},
        {"sub": ""},
        {"exp": "soon"},
        {"exp": 1e30},
        {"exp": 10**30},
        {"exp": True},
        {"iat": -1},
        {"tid": "3"},
        {"tid": None},
        {"role": ["organiser"]},
        {"admin": True},
        {"nbf": CLAIMS["exp"]},
    ],
)
def test_a_claim_that_is_not_ours(change: dict[str, Any]) -> None:
    """Each claim has its type, and there are no others: the right key alone does not make a token."""
    assert reason(signed(CLAIMS | change)) == "malformed"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"\xef\xbb\xbf{}",
        b'{"iss": NaN}',
        b'{"jti": "\xff"}',
        b'{"jti": "\\ud800"}',
        json.dumps(CLAIMS).encode("utf-16"),
        b'{"aud": ' + 100_000 * b"[",
        b'{"aud": ' + 2000 * b"[" + 2000 * b"]" + b"}",
    ],
)
def test_a_payload_that_is_no_json(payload: bytes) -> None:
    """Even under our own signature it is refused like any other, and no error of ours."""
    token = jwt.api_jws.encode(payload, NEW.secret, "HS256", {"kid": NEW.kid})
    assert reason(token) == "malformed"


def test_the_last_second_that_there_is() -> None:
    """A token may end with the year 9999, and not later."""
    last = 253_402_300_799
    assert TOKENS.read(signed(CLAIMS | {"exp": last}), FEED).expires_at.year == 9999
    assert reason(signed(CLAIMS | {"exp": last + 1})) == "malformed"


def test_it_ends_to_the_second() -> None:
    """There is no leeway: at the moment of ``exp`` the token has expired."""
    token, grant = TOKENS.issue_feed(3, staff=None)
    assert at(grant.expires_at - timedelta(milliseconds=1)).read(token, FEED) == grant
    assert reason(token, tokens=at(grant.expires_at)) == "expired"


def test_clocks_may_differ_a_little() -> None:
    """A token from a worker whose clock is seconds ahead is good, one from minutes ahead is not."""
    token, grant = TOKENS.issue_access(STAFF)
    assert at(NOW - timedelta(seconds=4)).read(token, API) == grant
    assert reason(token, API, at(NOW - timedelta(minutes=1))) == "not_yet_valid"


def test_a_refusal_does_not_repeat_the_token() -> None:
    """Neither the words nor the chain of exceptions hold what was sent, so no log will."""
    token = signed(CLAIMS | {"role": "se-cr-et"}, key=FOREIGN, header={"kid": "new", "hint": "se-cr-et"})
    error = refusal(token)
    assert not any(part in f"{error!r} {error.extra}" for part in (*token.split("."), "se-cr-et"))
    assert error.__suppress_context__


def test_no_repr_holds_a_secret() -> None:
    """What may end up in a log or a traceback shows neither keys nor tokens."""
    token, grant = TOKENS.issue_feed(3, staff=STAFF)
    shown = repr((TOKENS, grant, SETTINGS, STAFF))
    assert not any(secret in shown for secret in (token, NEW.secret, OLD.secret, STAFF.password_hash))


def test_no_key_no_tokens() -> None:
    """Settings without a key are refused at once, not at the first login."""
    with pytest.raises(BadSettings, match="GRANDSTAND_SECRET_KEYS"):
        Tokens(Settings.for_tests(secret_keys=()), lambda: NOW)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "x"]), JSONS | st.just("new")
)


def segment(value: object) -> str:
    """JSON in unpadded base64url."""
    return jwt.utils.base64url_encode(json.dumps(value).encode()).decode()


@given(st.text() | st.text("abceyJ0._-=", max_size=60))
def test_any_text_is_refused_in_order(text: str) -> None:
    """Whatever text is sent as a token ends in Unauthenticated, and in no other exception."""
    assert reason(text) in ("missing", "malformed", "unknown_key")


@given(HEADERS, JSONS, st.binary(max_size=40))
def test_any_header_and_payload_are_refused_in_order(header: object, payload: object, tail: bytes) -> None:
    """JSON of any shape in the places of a token, unsigned."""
    token = f"{segment(header)}.{segment(payload)}.{jwt.utils.base64url_encode(tail).decode()}"
    assert reason(token) in ("malformed", "unknown_key", "bad_signature")


@given(st.dictionaries(st.sampled_from([*CLAIMS, "nbf", "x"]), JSONS) | JSONS)
def test_any_signed_payload_is_refused_in_order(payload: object) -> None:
    """Even under our own signature only whole sets of claims are read, and the rest is refused in order."""
    claims = CLAIMS | payload if isinstance(payload, dict) else payload
    if claims == CLAIMS:
        return
    try:
        TOKENS.read(signed(claims), FEED)
    except Unauthenticated:
        return
    assert isinstance(claims, dict)
    assert {name: type(value) for name, value in claims.items()} == {
        name: type(value) for name, value in CLAIMS.items()
    }


@given(st.data())
def test_any_flipped_character_is_refused_in_order(data: st.DataObject) -> None:
    """A good token with one character changed is no good, and ends in Unauthenticated."""
    token, _ = TOKENS.issue_feed(3, staff=STAFF)
    index = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters(codec="utf-8").filter(lambda each: each != token[index]))
    refusal(token[:index] + character + token[index + 1 :])


def test_grants_that_have_expired_are_forgotten() -> None:
    """What is remembered of tokens follows how many are in use, not how many there ever were."""
    clock = [NOW]
    tokens = Tokens(SETTINGS, lambda: clock[0])
    for _ in range(10):
        tokens.read(tokens.issue_feed(3, staff=None)[0], FEED)
    clock[0] += timedelta(seconds=SETTINGS.feed_token_seconds + 1)
    tokens.read(tokens.issue_feed(3, staff=None)[0], FEED)
    assert len(tokens._known) == 1
