import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.sessions import SessionStore
from secrets_ui import connection as connections
from tests.accounts.test_sessions import cookie_of, is_signed_in

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]
FORGET = "/connect/1410000000000/forget/"


@pytest.fixture
def signed_out_meanwhile(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser that is signed out elsewhere whenever it forgets a connection."""
    forget = connections.forget

    def overtaken(session: SessionStore, *, organization_id: str) -> None:
        forget(session, organization_id=organization_id)
        SessionStore(cookie_of(signed_in)).flush()

    monkeypatch.setattr(connections, "forget", overtaken)
    return signed_in


def test_whoever_is_signed_out_while_saving_is_asked_to_sign_in(
    signed_out_meanwhile: Client,
) -> None:
    answer = signed_out_meanwhile.post(FORGET)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/sign-in/"
    assert "sessionid" not in answer.cookies
    page = signed_out_meanwhile.get(answer.headers["Location"])
    assert page.status_code == 200
    assert 'role="alert"' not in page.content.decode()
    assert not Session.objects.exists()
    assert not is_signed_in(signed_out_meanwhile)


def test_a_script_is_led_to_the_whole_sign_in_page(signed_out_meanwhile: Client) -> None:
    answer = signed_out_meanwhile.post(FORGET, headers={"HX-Request": "true"}, follow=True)
    assert answer.headers["HX-Redirect"] == "/accounts/sign-in/"
    assert answer.content == b""
