"""Keys are read from their issuer, kept while it is away, and asked for sparingly."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from jwt.algorithms import get_default_algorithms

from accounts.proxy import KeysUnavailable, NotProven
from accounts.proxy.keys import FRESH, KEPT, MAX_BYTES, MAX_FILES, PAUSE, KeySource, fetch
from tests.accounts.proxy.issuer import KeyServer, key_set, private_key, public_jwk, public_pem

OLD, NEW = private_key("an old one"), private_key("a new one")


@dataclass
class Issuer:
    """What an issuer answers, what it was asked, and a clock that only moves when told."""

    answer: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    now: float = 1000.0
    before_answering: Callable[[], Any] = lambda: None

    def read(self, url: str) -> bytes | None:
        self.asked.append(url)
        self.before_answering()
        return self.files.get(url, self.answer)

    def source(self, url: str = "https://sso.example.com/keys") -> KeySource:
        return KeySource(url, read=self.read, clock=lambda: self.now)

    def publish(self, **keys: Any) -> None:
        self.answer = key_set(*(public_jwk(key, key_id=name) for name, key in keys.items()))


@pytest.fixture
def issuer() -> Issuer:
    known = Issuer()
    known.publish(old=OLD)
    return known


def numbers(key: Any) -> Any:
    return key.public_numbers()


# One document for all keys


def test_a_key_is_read_once_and_used_many_times(issuer: Issuer) -> None:
    source = issuer.source()
    for _ in range(100):
        assert numbers(source.find("old", "RS256")) == numbers(OLD.public_key())
    assert issuer.asked == ["https://sso.example.com/keys"]


def test_a_new_key_is_found_at_its_first_use(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.now += PAUSE
    issuer.publish(old=OLD, new=NEW)
    assert numbers(source.find("new", "RS256")) == numbers(NEW.public_key())
    assert len(issuer.asked) == 2


def test_a_key_that_was_announced_is_known_before_its_first_use(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.publish(old=OLD, new=NEW)
    issuer.now += FRESH
    source.find("old", "RS256")
    source.find("new", "RS256")
    assert len(issuer.asked) == 2


def test_a_withdrawn_key_is_refused_once_the_keys_are_read_again(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.publish(new=NEW)
    issuer.now += FRESH
    with pytest.raises(NotProven, match="does not have"):
        source.find("old", "RS256")


def test_a_thousand_unknown_keys_are_one_question_a_minute(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    for number in range(1000):
        issuer.now += 0.1  # 100 seconds in all
        with pytest.raises(NotProven):
            source.find(f"made-up-{number}", "RS256")
        source.find("old", "RS256")
    assert len(issuer.asked) == 1 + 1


def test_keys_are_used_while_their_issuer_is_away_but_not_for_ever(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.answer = None
    while issuer.now < 1000 + KEPT - FRESH:
        issuer.now += FRESH
        source.find("old", "RS256")
    issuer.now += FRESH
    with pytest.raises(KeysUnavailable):
        source.find("old", "RS256")


def test_an_issuer_that_is_away_is_asked_once_a_minute(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.answer = None
    issuer.now += FRESH
    for _ in range(120):
        issuer.now += 1
        source.find("old", "RS256")
    assert len(issuer.asked) == 1 + 2


def test_an_issuer_that_comes_back_is_heard_soon_where_nothing_is_known(issuer: Issuer) -> None:
    issuer.answer = None
    source = issuer.source()
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            source.find("old", "RS256")
    assert len(issuer.asked) == 1
    issuer.publish(old=OLD)
    issuer.now += 5
    source.find("old", "RS256")


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"{}", b"[]", b"null", b"<html>", b'{"keys": []}', b'{"keys": {}}', b'{"keys": 1}'),
        *(b'{"keys": [null, 1, {}]}', b"\xff\xfe", b"[" * 100_000, b'{"keys": "x"}'),
    ],
    ids=lambda answer: repr(answer[:16]),
)
def test_an_answer_without_keys_takes_no_key_away(answer: bytes, issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.answer = answer
    issuer.now += FRESH
    source.find("old", "RS256")
    assert len(issuer.asked) == 2


def test_a_token_names_its_key_where_there_are_several(issuer: Issuer) -> None:
    issuer.publish(old=OLD)
    assert numbers(issuer.source().find(None, "RS256")) == numbers(OLD.public_key())
    issuer.publish(old=OLD, new=NEW)
    with pytest.raises(NotProven):
        issuer.source().find(None, "RS256")


def test_also_where_only_one_of_them_fits(issuer: Issuer) -> None:
    elliptic = public_jwk(private_key("e", "ES256"), key_id="other", algorithm="ES256")
    issuer.answer = key_set(public_jwk(OLD), elliptic)
    with pytest.raises(NotProven):
        issuer.source().find(None, "RS256")


def test_two_keys_of_one_name_leave_open_which_is_meant(issuer: Issuer) -> None:
    issuer.answer = key_set(public_jwk(OLD, key_id="same"), public_jwk(NEW, key_id="same"))
    with pytest.raises(NotProven):
        issuer.source().find("same", "RS256")


@pytest.mark.parametrize(
    "key_id", ["", "a b", "a\n", "ä", "x" * 129, 7, ["old"], {}, True], ids=repr
)
def test_what_cannot_be_the_name_of_a_key_is_not_asked_for(key_id: Any, issuer: Issuer) -> None:
    with pytest.raises(NotProven):
        issuer.source().find(key_id, "RS256")
    assert issuer.asked == []


# Which keys fit


def fits(algorithm: str, jwk: dict[str, Any]) -> bool:
    known = Issuer(answer=key_set(jwk))
    try:
        return known.source().find("key-1", algorithm) is not None
    except NotProven:
        return False


def test_a_key_checks_the_signatures_that_it_is_for() -> None:
    short = private_key("a short one", "short RSA")
    assert fits("RS256", public_jwk(OLD))
    assert fits("PS384", public_jwk(OLD))
    assert not fits("PS384", public_jwk(OLD, alg="RS256"))
    assert not fits("ES256", public_jwk(OLD))
    assert not fits("RS256", public_jwk(short))
    es256, es384 = private_key("e", "ES256"), private_key("e", "ES384")
    assert fits("ES256", public_jwk(es256, algorithm="ES256"))
    assert not fits("ES384", public_jwk(es256, algorithm="ES256"))
    assert not fits("ES256", public_jwk(es384, algorithm="ES384"))
    assert not fits("RS256", public_jwk(es256, algorithm="ES256"))
    edwards = private_key("e", "EdDSA")
    assert fits("EdDSA", public_jwk(edwards, algorithm="EdDSA"))


@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": 7},
        {"alg": "RSA-OAEP"},
        {"alg": 7},
        {"kty": "oct", "k": "AAAA"},
        {"kty": ["RSA"]},
        {"n": 7},
        {"n": "!"},
        {"e": ""},
        {"kid": 7},
    ],
    ids=str,
)
def test_a_key_that_is_for_something_else_or_broken_is_left_out(changes: dict[str, Any]) -> None:
    assert not fits("RS256", public_jwk(OLD, **changes))
    good = public_jwk(NEW, key_id="new")
    source = Issuer(answer=key_set(public_jwk(OLD, **changes), good)).source()
    assert numbers(source.find("new", "RS256")) == numbers(NEW.public_key())


def test_a_private_key_that_somebody_published_checks_nothing() -> None:
    private = get_default_algorithms()["RS256"].to_jwk(OLD, as_dict=True)
    assert "d" in private
    assert not fits("RS256", {**private, "kid": "key-1"})


# One file for each key


@pytest.fixture
def filing_issuer() -> Issuer:
    key = private_key("an elliptic one", "ES256")
    return Issuer(files={f"https://keys.example.com/{n}": public_pem(key) for n in range(50)})


def filed(issuer: Issuer) -> KeySource:
    return issuer.source("https://keys.example.com/{kid}")


def test_each_key_has_a_file_of_its_own(filing_issuer: Issuer) -> None:
    source = filed(filing_issuer)
    for _ in range(3):
        assert source.find("1", "ES256")
        assert source.find("2", "ES256")
    assert filing_issuer.asked == ["https://keys.example.com/1", "https://keys.example.com/2"]


@pytest.mark.parametrize(
    "key_id", [None, "../1", "1/2", "1?x", "..", "%2e%2e", "1.pem", "", "x" * 129]
)
def test_a_file_is_never_sought_elsewhere(key_id: str | None, filing_issuer: Issuer) -> None:
    with pytest.raises(NotProven):
        filed(filing_issuer).find(key_id, "ES256")
    assert filing_issuer.asked == []


def test_unknown_files_are_asked_for_ten_times_a_minute_at_most(filing_issuer: Issuer) -> None:
    source = filed(filing_issuer)
    source.find("1", "ES256")
    for number in range(1000):
        with pytest.raises(NotProven):
            source.find(f"made-up-{number}", "ES256")
    assert len(filing_issuer.asked) == MAX_FILES


def test_only_so_many_files_are_kept(filing_issuer: Issuer) -> None:
    source = filed(filing_issuer)
    for number in range(50):
        source.find(str(number), "ES256")
        filing_issuer.now += PAUSE
    assert len(source._held) == MAX_FILES


def test_what_is_no_key_is_refused(filing_issuer: Issuer) -> None:
    filing_issuer.files = {"https://keys.example.com/1": b"-----BEGIN PUBLIC KEY-----\nAAAA\n"}
    with pytest.raises(KeysUnavailable):
        filed(filing_issuer).find("1", "ES256")


# Threads


def test_threads_that_need_the_same_new_key_ask_once(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.proxy.keys.PATIENCE", 30)
    source = issuer.source()
    everybody_is_there = threading.Barrier(8, timeout=10)

    def find(number: int) -> bool:
        everybody_is_there.wait()
        return source.find("old", "RS256") is not None

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(find, range(8)))
    assert len(issuer.asked) == 1


def test_so_do_threads_that_need_the_same_file(
    filing_issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.proxy.keys.PATIENCE", 30)
    source = filed(filing_issuer)
    everybody_is_there = threading.Barrier(8, timeout=30)

    def answer_while_others_wait() -> None:
        everybody_is_there.wait()
        time.sleep(0.1)  # for the others to come to the lock; without it this would prove less

    filing_issuer.before_answering = answer_while_others_wait

    def find(number: int) -> bool:
        if number:
            everybody_is_there.wait()
        return source.find("1", "ES256") is not None

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(find, range(8)))
    assert len(filing_issuer.asked) == 1


def test_who_knows_the_key_does_not_wait_for_who_asks(issuer: Issuer) -> None:
    source = issuer.source()
    source.find("old", "RS256")
    issuer.now += FRESH
    asking, may_answer = threading.Event(), threading.Event()

    def hang() -> None:
        asking.set()
        assert may_answer.wait(10)

    issuer.before_answering = hang
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(source.find, "old", "RS256")
        assert asking.wait(10)
        assert source.find("old", "RS256")
        assert not slow.done()
        may_answer.set()
        assert slow.result(10)


def test_nobody_waits_long_for_an_issuer_that_hangs(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.proxy.keys.PATIENCE", 0.01)
    source = issuer.source()
    asking, may_answer = threading.Event(), threading.Event()

    def hang() -> None:
        asking.set()
        assert may_answer.wait(10)

    issuer.before_answering = hang
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(source.find, "old", "RS256")
        assert asking.wait(10)
        with pytest.raises(KeysUnavailable, match="still being read"):
            source.find("old", "RS256")
        may_answer.set()
        assert slow.result(10)


# Reading


def test_what_is_there_is_read(key_server: KeyServer) -> None:
    assert fetch(key_server.publish("/keys?all=1", b"something")) == b"something"


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 401, 404, 500, 503])
def test_only_a_plain_success_counts(status: int, key_server: KeyServer) -> None:
    elsewhere = key_server.publish("/elsewhere", b"something")
    url = key_server.publish("/moved", b"something", status=status, headers={"Location": elsewhere})
    assert fetch(url) is None
    assert key_server.asked == ["/moved"]


def test_too_much_is_not_taken(key_server: KeyServer) -> None:
    assert fetch(key_server.publish("/keys", b"x" * MAX_BYTES)) is not None
    assert fetch(key_server.publish("/keys", b"x" * (MAX_BYTES + 1))) is None


def test_the_environment_has_no_say(
    key_server: KeyServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    password_file = tmp_path / "netrc"
    password_file.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(password_file))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert json.loads(fetch(f"{key_server.url}/keys") or b"{}")["keys"]


def test_nobody_there_is_no_answer() -> None:
    assert fetch("http://127.0.0.1:1/keys") is None
