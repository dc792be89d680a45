"""Where one cell happens: an organization, its secrets, a person with a browser, and a fault server.

Nothing is shared between places, so that many can be in use at once.
"""

import base64
import secrets as random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import Person
from accounts.roles import Role
from emulator.auth import issue_token
from emulator.models import Organization, Secret, SecretVersion, Token
from secret_manager import Credential, Deadline, Timeouts, Transport
from secret_manager.connections import PooledAdapter
from secret_manager.timeouts import Clock
from secrets_ui import connection as connections
from secrets_ui.connection import Connection
from tests.faults import server as fault_server
from tests.faults.certificates import Authority
from tests.faults.server import FaultServer
from tests.faults.truth import Tables, tables

PATIENT = Timeouts(connect=5, read=10, total=20)
HURRIED = Timeouts(connect=0.3, read=0.3, total=0.8)
HTMX = {"HX-Request": "true"}
PACE = 0.12
"""How much of its usual time a page gets in a hurry: 1.2 s of 10 to read, 1.8 s of 15 to write."""
DESCRIPTION = "Signs calls"
_numbers = count(1)
# SQLite lets one write at a time, and whoever finds another there sleeps before asking again.
_building = threading.Lock()
_here = threading.local()


def transport_of_this_thread() -> Transport:
    """Stands in for the one transport of a process: each place has its own, with its own breaker."""
    transport: Transport = _here.transport
    return transport


class PacedDeadline(Deadline):
    """Stands in for a page's deadline: shorter in a thread that is in a hurry."""

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> Deadline:
        return Deadline.after(seconds * getattr(_here, "pace", 1.0), clock)


def new_value() -> str:
    """Return a value that can be told from all others, with characters that pages must escape."""
    return f'päss&word "{random.token_hex(12)}"'


def traces(private: str) -> list[str]:
    """Return what a text would hold if it gave this away: plain, or within something base64."""
    core = private.split('"')[1] if '"' in private else private
    shifted = (base64.b64encode(b"\0" * shift + core.encode())[4:-4].decode() for shift in range(3))
    return [core, base64.b64encode(private.encode()).decode().rstrip("="), *shifted]


@dataclass
class Place:
    server: FaultServer
    organization_id: str
    person: Person
    browser: Client
    credential: Credential
    secret: Secret
    version: SecretVersion
    """The secret's version that acts are about; another one of it is on, too."""
    value: str
    typed: str = field(default_factory=new_value)
    """What a person types as a new value."""
    private: list[str] = field(default_factory=list)
    timeouts: Timeouts = PATIENT
    transport: Transport | None = None
    outcome_url: str = ""
    """Where the page is that tells how an earlier write ended."""

    @property
    def list_url(self) -> str:
        return f"/organizations/{self.organization_id}/secrets/"

    @property
    def secret_url(self) -> str:
        return f"{self.list_url}{self.secret.id}/"

    @property
    def version_url(self) -> str:
        return f"{self.secret_url}versions/{self.version.id}/"

    def tables(self) -> Tables:
        return tables(self.organization_id)

    def connect_to(self, url: str, **options: Any) -> None:
        """Let this thread's pages reach the API here from now on."""
        self.leave()
        self.transport = Transport(url, timeouts=self.timeouts, pool_size=32, **options)
        self.enter()

    @contextmanager
    def hurried(self, url: str = "", **options: Any) -> Iterator[None]:
        """Give the API little time, and ask elsewhere if need be, in this thread while the block runs."""
        patient, self.timeouts = self.timeouts, HURRIED
        self.connect_to(url or self.server.url, **options)
        _here.pace = PACE
        try:
            yield
        finally:
            self.timeouts, _here.pace = patient, 1.0
            self.connect_to(self.server.url)

    def enter(self) -> None:
        """Let this thread's pages use this place's way to the API."""
        _here.transport = self.transport

    def leave(self) -> None:
        if self.transport is not None:
            self.transport.close()


@contextmanager
def opened(*, extensions: bool = False) -> Iterator[Place]:
    """Make a place with two secrets of two versions each, and a browser that is connected to it."""
    number = next(_numbers)
    organization_id = str(1410000000000 + number)
    user = f"user-{1500000000000 + number}"
    value = new_value()
    with _building:
        organization = Organization.objects.create(id=organization_id, name=f"Place {number}")
        _, token = issue_token(organization=organization, kind=Token.Kind.PERSONAL, principal=user)
        credential = Credential.personal(user, token)
        _secret(organization_id, user, f"bystander_{number}", [new_value(), new_value()])
        secret, versions = _secret(organization_id, user, f"target_{number}", [value, new_value()])
        person, browser = newcomer(organization_id, credential)
    with fault_server.running(extensions=extensions) as server:
        place = Place(
            server,
            organization_id,
            person,
            browser,
            credential,
            secret,
            versions[0],
            value,
        )
        place.private = [value, place.typed, token]
        place.connect_to(server.url)
        try:
            yield place
        finally:
            place.leave()


def _secret(
    organization_id: str, user: str, name: str, values: list[str]
) -> tuple[Secret, list[SecretVersion]]:
    now = timezone.now()
    secret = Secret.objects.create(
        organization_id=organization_id,
        user_id=user,
        name=name,
        description=DESCRIPTION,
        last_version=len(values),
        created_at=now,
        updated_at=now,
    )
    versions = [
        SecretVersion.build(secret=secret, number=number, value=value.encode(), created_at=now)
        for number, value in enumerate(values, start=1)
    ]
    for version in versions:
        version.save(force_insert=True)
    return secret, versions


def newcomer(organization_id: str, credential: Credential) -> tuple[Person, Client]:
    """Return somebody new, and their browser, signed in and connected."""
    person = Person.objects.create(username=f"person {next(_numbers)}", role=Role.MANAGER)
    browser = Client(raise_request_exception=False)
    browser.force_login(person)
    session = browser.session
    found = Connection(organization_id=organization_id, label="Ours", credential=credential)
    connections.keep(session, person_id=person.pk, connection=found)
    session.save()
    return person, browser


class Trusting(PooledAdapter):
    """Believes one authority more than the machine does; checks everything else as always."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(4)
        self._bundle = str(authority.bundle)

    def send(self, *args: Any, **kwargs: Any) -> Any:
        return super().send(*args, **{**kwargs, "verify": self._bundle})
