"""A person's connections: which organizations they reach and with which credential.

They live in the session only. The credential is sealed for that session's cookie, that person and that
organization, so a row copied into another session stays closed. When the session gets another cookie,
they are sealed anew.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.module_loading import import_string

from secret_manager import Credential, Deadline, SecretManagerClient, Transport
from secrets_ui.sealing import CannotUnseal, seal, unseal

SESSION_FIELD = "connections"
EMBEDDED_BASE_URL = "http://embedded.invalid"
# Of the process's threads: sign-in, health and sign-out must never stand in line for the API.
THREADS_KEPT_FREE = 4


@dataclass(frozen=True, kw_only=True)
class Connection:
    """An organization and the credential to reach it. `label` is what the person calls it.

    `deadline` bounds everything that is asked of the API over it: all that one page may take.
    """

    organization_id: str
    label: str
    credential: Credential = field(repr=False)
    deadline: Deadline | None = None

    @property
    def client(self) -> SecretManagerClient:
        return SecretManagerClient(
            self.credential, transport=shared_transport(), deadline=self.deadline
        )

    @property
    def identity(self) -> str:
        """Who the API takes this person for; a bearer token does not say."""
        return self.credential.identifier


@dataclass(frozen=True, kw_only=True)
class ConnectionSummary:
    """What the pages show of a connection, without opening its credential."""

    organization_id: str
    label: str
    kind: str
    identity: str


def keep(session: SessionBase, *, person_id: int, connection: Connection) -> None:
    """Add or replace the connection to its organization."""
    text = json.dumps(connection.credential.as_dict())
    place = _place(session.session_key, person_id, connection.organization_id)
    kept = {
        "label": connection.label,
        "kind": connection.credential.kind,
        "identity": connection.identity,
        "sealed": seal(text, keys=settings.CREDENTIAL_KEYS, place=place),
    }
    others = session.get(SESSION_FIELD, {})
    session[SESSION_FIELD] = {**others, connection.organization_id: kept}


def move(session: SessionBase, *, person_id: int, before: str | None) -> None:
    """Seal every connection for the session's new cookie; `before` is the value of its old one."""
    moved = {}
    for organization_id, kept in session.get(SESSION_FIELD, {}).items():
        old, new = (
            _place(key, person_id, organization_id) for key in (before, session.session_key)
        )
        try:
            text = unseal(kept["sealed"], keys=settings.CREDENTIAL_KEYS, place=old)
        except CannotUnseal:
            continue
        moved[organization_id] = {
            **kept,
            "sealed": seal(text, keys=settings.CREDENTIAL_KEYS, place=new),
        }
    if moved:
        session[SESSION_FIELD] = moved


def find(
    session: SessionBase,
    *,
    person_id: int,
    organization_id: str,
    deadline: Deadline | None = None,
) -> Connection | None:
    """Return the connection to an organization; None where there is none that still opens."""
    kept = session.get(SESSION_FIELD, {}).get(organization_id)
    if kept is None:
        return None
    try:
        text = unseal(
            kept["sealed"],
            keys=settings.CREDENTIAL_KEYS,
            place=_place(session.session_key, person_id, organization_id),
        )
    except CannotUnseal:
        forget(session, organization_id=organization_id)
        return None
    return Connection(
        organization_id=organization_id,
        label=kept["label"],
        credential=Credential.from_dict(json.loads(text)),
        deadline=deadline,
    )


def forget(session: SessionBase, *, organization_id: str) -> None:
    """Remove one connection; nothing happens where there is none."""
    others = dict(session.get(SESSION_FIELD, {}))
    if others.pop(organization_id, None) is not None:
        session[SESSION_FIELD] = others


def is_own_secret(session: SessionBase, *, person_id: int, text: str) -> bool:
    """Tell whether `text` is the secret part of one of this session's credentials."""
    found = [
        find(session, person_id=person_id, organization_id=each.organization_id)
        for each in summaries(session)
    ]
    matches = [
        compare_digest(each.credential.secret.encode(), text.encode()) for each in found if each
    ]
    return any(matches)


def summaries(session: SessionBase) -> list[ConnectionSummary]:
    """Return all connections of a session, by name."""
    kept = session.get(SESSION_FIELD, {})
    found = [
        ConnectionSummary(
            organization_id=organization_id,
            label=item["label"],
            kind=item["kind"],
            identity=item["identity"],
        )
        for organization_id, item in kept.items()
    ]
    return sorted(found, key=lambda each: (each.label.casefold(), each.organization_id))


@lru_cache(maxsize=1)
def shared_transport() -> Transport:
    """One for the process: it keeps connections to the API alive and holds no credential."""
    max_concurrent = max(1, settings.THREADS - THREADS_KEPT_FREE)
    if settings.SECRET_MANAGER_ADAPTER:
        adapter = import_string(settings.SECRET_MANAGER_ADAPTER)()
        return Transport(EMBEDDED_BASE_URL, adapter=adapter, max_concurrent=max_concurrent)
    return Transport(settings.SECRET_MANAGER_URL, max_concurrent=max_concurrent)


def _place(session_key: str | None, person_id: int, organization_id: str) -> str:
    return json.dumps(["connection", session_key, person_id, organization_id])
