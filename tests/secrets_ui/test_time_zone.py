"""Times are shown in the zone that the person's browser says it is in."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from secret_manager import SecretManagerClient
from secrets_ui.middleware import TIME_ZONE_COOKIE, person_time_zone
from tests.secrets_ui.conftest import ORGANIZATION_ID


def zone_during(cookie: str | None) -> str:
    """The zone that is active while a view answers a browser with this cookie."""
    request = RequestFactory().get("/")
    if cookie is not None:
        request.COOKIES[TIME_ZONE_COOKIE] = cookie
    answer = person_time_zone(lambda _: HttpResponse(timezone.get_current_timezone_name()))
    return answer(request).content.decode()


@pytest.mark.parametrize("name", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_the_zone_of_the_browser_is_active(name: str) -> None:
    assert zone_during(name) == name


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        "Mars/Base",
        "Asia",
        "../../etc/passwd",
        "/etc/localtime",
        "a\0b",
        "雪",
        "\udcff",
        "x" * 5000,
        "<script>",
    ],
)
def test_anything_else_means_the_time_zone_of_the_installation(cookie: str | None) -> None:
    assert zone_during(cookie) == "UTC"


def test_the_zone_of_one_person_never_reaches_the_next() -> None:
    assert zone_during("Asia/Tokyo") == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"
    assert zone_during(None) == "UTC"


def test_the_zone_is_put_back_after_a_view_that_failed() -> None:
    request = RequestFactory().get("/")
    request.COOKIES[TIME_ZONE_COOKIE] = "Asia/Tokyo"

    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        person_time_zone(fail)(request)
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.django_db(databases=["default", "emulator"])
def test_a_page_shows_times_in_the_persons_zone(browser: Client, api: SecretManagerClient) -> None:
    secret = api.create_secret(
        ORGANIZATION_ID, "crm-webhook", "v", expired_at="2099-12-04T14:59:00Z"
    )
    address = f"/organizations/{ORGANIZATION_ID}/secrets/{secret.id}/"
    assert "4 Dec 2099 14:59 UTC" in browser.get(address).content.decode()
    browser.cookies[TIME_ZONE_COOKIE] = "Asia/Tokyo"
    assert "4 Dec 2099 23:59 JST" in browser.get(address).content.decode()
