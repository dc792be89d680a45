"""The API hangs, and a real gunicorn goes on with everything that does not need it."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.faults import place
from tests.faults.kinds.connection import SILENT
from tests.faults.place import Place
from tests.services.dashboard import running_dashboard
from tests.services.processes import wait_until

WAITING = 40
"""People who wait for a secret's page: more than the process has threads."""
TIMES = 7
PASSWORD = "a password for hanako"


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, url: str, here: Place) -> None:
        self.url, self.here = url, here
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.url + path, timeout=60)

    def post(self, path: str, form: dict[str, str]) -> requests.Response:
        fields = {**form, "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        return self.session.post(self.url + path, fields, timeout=60, allow_redirects=False)

    def sign_in(self) -> None:
        self.get("/accounts/sign-in/")
        answer = self.post("/accounts/sign-in/", {"username": "hanako", "password": PASSWORD})
        assert answer.status_code == 302

    def sign_out(self) -> None:
        assert self.post("/accounts/sign-out/", {}).status_code == 302

    def connect(self) -> None:
        self.get("/connect/")
        form = {"organization_id": self.here.organization_id, "kind": "personal"}
        answer = self.post("/connect/", {**form, **self.here.credential.as_dict()})
        assert answer.status_code == 302, answer.text

    def secret_status(self) -> int:
        return self.get(self.here.secret_url).status_code


def test_what_does_not_need_the_api_goes_on_while_it_hangs(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with place.opened() as here:
        env = {"SECRET_MANAGER_URL": here.server.url, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        with running_dashboard(tmp_path, env=env) as dashboard:
            dashboard.manage(
                *("createsuperuser", "--noinput", "--username=hanako", "--email=h@example.test")
            )
            person = Person(dashboard.url, here)
            person.sign_in()
            person.connect()
            assert person.secret_status() == 200
            pages = _pages(person)
            before = {name: _median(page) for name, page in pages.items()}

            with _many_who_wait(here, person):
                during = {name: _median(page) for name, page in pages.items()}
                open_page = _median(person.secret_status)

            returned = time.monotonic()
            wait_until(lambda: person.secret_status() == 200, seconds=30)
            recovered = time.monotonic() - returned

    record_property(
        "hanging",
        {name: f"{before[name]:.0f} ms, {during[name]:.0f} ms" for name in pages}
        | {"breaker open": f"{open_page:.0f} ms", "back after": f"{recovered:.1f} s"},
    )
    for name in pages:
        assert during[name] < 5 * before[name] + 250, (name, before[name], during[name])
    assert open_page < 1000


def _pages(person: Person) -> dict[str, Callable[[], object]]:
    visitor = Person(person.url, person.here)

    def in_and_out() -> None:
        visitor.sign_in()
        visitor.sign_out()

    return {
        "/livez": lambda: visitor.get("/livez").raise_for_status(),
        "sign-in page": lambda: visitor.get("/accounts/sign-in/").raise_for_status(),
        "sign in and out": in_and_out,
        "connect form": lambda: person.get("/connect/").raise_for_status(),
    }


@contextmanager
def _many_who_wait(here: Place, person: Person) -> Iterator[None]:
    """Let the API hang, and many people ask for a secret again and again, while the block runs."""
    over = threading.Event()

    def ask(_: int) -> None:
        while not over.is_set():
            requests.get(
                person.url + here.secret_url, cookies=person.session.cookies.get_dict(), timeout=60
            )
            over.wait(0.2)

    armed = here.server.arm(SILENT.always())
    with ThreadPoolExecutor(WAITING) as pool:
        asking = [pool.submit(ask, number) for number in range(WAITING)]
        try:
            wait_until(lambda: armed.hits >= 5)
            yield
        finally:
            over.set()
            here.server.disarm()
            for each in asking:
                each.result()


def _median(page: Callable[[], object]) -> float:
    """Return how long a page usually takes, in milliseconds."""

    def timed() -> float:
        started = time.monotonic()
        page()
        return (time.monotonic() - started) * 1000

    return statistics.median(timed() for _ in range(TIMES))
