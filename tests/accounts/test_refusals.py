"""Who is kept out is noticed, and nobody fills the trail by trying."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from accounts.refusals import record_refusal
from audit.models import Event

pytestmark = pytest.mark.django_db


def refuse(address: str = "192.0.2.7") -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    request.user = AnonymousUser()
    record_refusal(request, "no token")


def test_many_attempts_from_one_address_are_one_line_a_minute() -> None:
    for _ in range(20):
        refuse()
    refuse("192.0.2.8")
    lines = Event.objects.values_list("actor_address", "action", "outcome", "detail")
    assert list(lines) == [
        ("192.0.2.7", "access.refused", "denied", "no token"),
        ("192.0.2.8", "access.refused", "denied", "no token"),
    ]


def test_while_the_cache_is_away_each_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.refusals.cache.add", lambda *arguments: None)
    refuse()
    refuse()
    assert Event.objects.count() == 2


def test_each_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        refuse()
    assert [
        record.getMessage() for record in caplog.records if record.name == "accounts.refusals"
    ] == ["kept out: no token"] * 3
