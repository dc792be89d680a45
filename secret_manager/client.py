"""The ten operations of the Secret Manager API, for one person."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from . import paging, rules, wire
from .credentials import Credential
from .extensions import IDEMPOTENCY_KEY, IF_MATCH, check_etag, etag
from .requestor import Operation, Read, Requestor
from .retries import MAX_RETRIES
from .rules import InvalidArgument, check_id
from .summaries import SummaryPage, read_summary_page
from .timeouts import Deadline
from .transport import Transport
from .types import UNSET, Listing, Secret, SecretPage, SecretVersion, Unset, VersionPage
from .values import encode_value

_WITH_VALUE = {"return_secret_value": "true"}


@functools.cache
def default_transport() -> Transport:
    """The way to the real platform, shared by all clients that are given no other."""
    return Transport()


class SecretManagerClient:
    """Does what one person asks, with that person's credential. Cheap: make one per request.

    credential: or the official SDK's dictionary (InvalidCredential); without one nothing is sent
        as a credential, and nothing is taken from the environment.
    timeout: seconds for one operation with its retries (default: the transport's, 10).
    max_retry_count: how often a failed attempt may be repeated, at most 2 (the default). Only reads
        are repeated, and writes of which not one byte was sent.
    deadline: when all operations together must be over, for example those of one page. An operation
        for which nothing is left raises ConnectFailed("deadline") with nothing sent; so do the
        lists, between two pages.

    Every method raises InvalidArgument before sending what the API could not accept, and a
    SecretManagerError where the operation did not end well. Only `get_secret_version` with
    `with_value=True` ever asks for a value; all other results have none.
    """

    def __init__(
        self,
        credential: Credential | Mapping[str, str] | None = None,
        timeout: float | None = None,
        max_retry_count: int | None = None,
        *,
        transport: Transport | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        if isinstance(credential, Mapping):
            credential = Credential.from_dict(credential)
        if timeout is not None and not 0 < timeout <= 3600:
            raise InvalidArgument("The timeout is more than 0 and at most 3600 seconds.", "timeout")
        if max_retry_count is not None and max_retry_count < 0:
            raise InvalidArgument("The number of retries is 0 or more.", "max_retry_count")
        transport = transport or default_transport()
        self._requestor = Requestor(
            transport,
            credential,
            total=transport.timeouts.total if timeout is None else timeout,
            max_retries=MAX_RETRIES if max_retry_count is None else max_retry_count,
            deadline=deadline,
        )

    @property
    def clock_offset(self) -> timedelta:
        """How far the server's clock is ahead of ours, as its last answers showed.

        Negative where it is behind; zero where no answer with a date has come. Good to a second
        and the time an answer takes.
        """
        return self._requestor.clock_offset

    # Secrets

    def get_secrets(self, organization_id: str, offset: int = 0, limit: int = 50) -> SecretPage:
        """`GET …/secrets`: one page of secrets. offset from 0, limit 1 to 100."""
        rules.check_page(offset, limit)
        return self._requestor.perform(
            Operation(
                "get_secrets",
                "GET",
                _secrets_path(organization_id),
                query={"offset": str(offset), "limit": str(limit)},
            ),
            lambda document, _: wire.read_secret_page(
                document, organization_id=organization_id, offset=offset, limit=limit
            ),
        )

    def get_summaries(self, organization_id: str, offset: int = 0, limit: int = 100) -> SummaryPage:
        """`GET …/secrets`, as `get_secrets`, read into light tuples: for lists of many thousands."""
        rules.check_page(offset, limit)
        return self._requestor.perform(
            Operation(
                "get_summaries",
                "GET",
                _secrets_path(organization_id),
                query={"offset": str(offset), "limit": str(limit)},
            ),
            lambda page, _: page,
            parse=functools.partial(read_summary_page, offset=offset, limit=limit),
        )

    def iter_secrets(self, organization_id: str, limit: int = 100) -> Iterator[Secret]:
        """All secrets, each once, page by page.

        `list_secrets` also tells whether all were read. limit: how many to fetch at a time;
        each time has the whole timeout for itself, unless the client's deadline ends it.
        """
        for step in self._walk_secrets(organization_id, limit):
            yield from step.fresh

    def list_secrets(self, organization_id: str) -> Listing[Secret]:
        """All secrets at once, and whether the list is complete."""
        return paging.collect(self._walk_secrets(organization_id, rules.MAX_LIMIT))

    def get_secret(self, organization_id: str, secret_id: str) -> Secret:
        """`GET …/secrets/{secret_id}`: one secret."""
        return self._requestor.perform(
            Operation("get_secret", "GET", _secret_path(organization_id, secret_id)),
            _secret_reader(organization_id, secret_id),
        )

    def create_secret(
        self,
        organization_id: str,
        name: str,
        value: str | bytes,
        description: str | None = None,
        expired_at: datetime | str | None = None,
        integration_service_type: str | None = None,
        integration_service_ids: Iterable[str] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Secret:
        """`POST …/secrets`: create a secret and its first version. What is None is not sent.

        value: text, sent as UTF-8, or bytes; 1 to 65,536 bytes. expired_at: an aware datetime or
        ISO 8601 with an offset. Names are unique in an organization: a taken one is answered with
        Conflict or InvalidInput. idempotency_key: 1 to 64 of `A-Z a-z 0-9 _ -`, new for each
        intent; sent only where the server announced to know such keys, which the error of a lost
        write tells (`idempotency_key_sent`).
        """
        body: dict[str, Any] = {"name": rules.check_name(name), "value": encode_value(value)}
        optional = {
            "description": description,
            "expired_at": expired_at,
            "integration_service_type": integration_service_type,
            "integration_service_ids": integration_service_ids,
        }
        body |= _fields({key: given for key, given in optional.items() if given is not None})
        return self._requestor.perform(
            Operation(
                "create_secret",
                "POST",
                _secrets_path(organization_id),
                body=body,
                private=(rules.check_value(value),),
                extensions=_idempotency(idempotency_key),
            ),
            _secret_reader(organization_id),
        )

    def update_secret(
        self,
        organization_id: str,
        secret_id: str,
        description: str | Unset | None = UNSET,
        expired_at: datetime | str | Unset | None = UNSET,
        integration_service_type: str | Unset | None = UNSET,
        integration_service_ids: Iterable[str] | Unset | None = UNSET,
        *,
        if_match: str | None = None,
    ) -> Secret:
        """`PATCH …/secrets/{secret_id}`: UNSET leaves a field as it is, None clears it.

        if_match: the `etag` of the secret that is to be changed, sent only where the server
        announced to know it: Conflict ("precondition_failed") if the secret is another by now.
        """
        given = {
            "description": description,
            "expired_at": expired_at,
            "integration_service_type": integration_service_type,
            "integration_service_ids": integration_service_ids,
        }
        return self._requestor.perform(
            Operation(
                "update_secret",
                "PATCH",
                _secret_path(organization_id, secret_id),
                body=_fields({key: new for key, new in given.items() if new is not UNSET}),
                extensions={} if if_match is None else {IF_MATCH: check_etag(if_match)},
            ),
            _secret_reader(organization_id, secret_id),
        )

    def delete_secret(self, organization_id: str, secret_id: str) -> str:
        """`DELETE …/secrets/{secret_id}`: delete a secret with its versions; the API's message."""
        return self._requestor.perform(
            Operation(
                "delete_secret",
                "DELETE",
                _secret_path(organization_id, secret_id),
                may_be_empty=True,
            ),
            lambda document, _: wire.read_message(document),
        )

    # Versions

    def get_secret_versions(
        self, organization_id: str, secret_id: str, offset: int = 0, limit: int = 50
    ) -> VersionPage:
        """`GET …/versions`: one page of a secret's versions. offset from 0, limit 1 to 100."""
        rules.check_page(offset, limit)
        return self._requestor.perform(
            Operation(
                "get_secret_versions",
                "GET",
                _versions_path(organization_id, secret_id),
                query={"offset": str(offset), "limit": str(limit)},
            ),
            lambda document, _: wire.read_version_page(
                document,
                organization_id=organization_id,
                secret_id=secret_id,
                offset=offset,
                limit=limit,
            ),
        )

    def iter_secret_versions(
        self, organization_id: str, secret_id: str, limit: int = 100
    ) -> Iterator[SecretVersion]:
        """All versions, each once, page by page.

        `list_secret_versions` also tells whether all were read. limit: how many to fetch at a
        time; each time has the whole timeout for itself.
        """
        for step in self._walk_versions(organization_id, secret_id, limit):
            yield from step.fresh

    def list_secret_versions(self, organization_id: str, secret_id: str) -> Listing[SecretVersion]:
        """All versions at once, and whether the list is complete."""
        return paging.collect(self._walk_versions(organization_id, secret_id, rules.MAX_LIMIT))

    def get_secret_version(
        self, organization_id: str, secret_id: str, version_id: str, *, with_value: bool = False
    ) -> SecretVersion:
        """`GET …/versions/{version_id}`: one version; its value only with `with_value=True`."""
        return self._requestor.perform(
            Operation(
                "get_secret_version",
                "GET",
                _version_path(organization_id, secret_id, version_id),
                query=_WITH_VALUE if with_value else None,
                gives_value=with_value,
            ),
            lambda document, _: wire.read_version(
                document,
                organization_id=organization_id,
                secret_id=secret_id,
                version_id=version_id,
                with_value=with_value,
            ),
        )

    def create_secret_version(
        self,
        organization_id: str,
        secret_id: str,
        value: str | bytes,
        *,
        idempotency_key: str | None = None,
    ) -> SecretVersion:
        """`POST …/versions`: add a version. value, idempotency_key: as in `create_secret`."""
        return self._requestor.perform(
            Operation(
                "create_secret_version",
                "POST",
                _versions_path(organization_id, secret_id),
                body={"value": encode_value(value)},
                private=(rules.check_value(value),),
                extensions=_idempotency(idempotency_key),
            ),
            lambda document, _: wire.read_version(
                document, organization_id=organization_id, secret_id=secret_id
            ),
        )

    def update_secret_version(
        self, organization_id: str, secret_id: str, version_id: str, status: str
    ) -> SecretVersion:
        """`PATCH …/versions/{version_id}`: turn a version on ("active") or off ("inactive")."""
        return self._requestor.perform(
            Operation(
                "update_secret_version",
                "PATCH",
                _version_path(organization_id, secret_id, version_id),
                body={"status": rules.check_status(status)},
            ),
            lambda document, _: wire.read_version(
                document,
                organization_id=organization_id,
                secret_id=secret_id,
                version_id=version_id,
            ),
        )

    def delete_secret_version(self, organization_id: str, secret_id: str, version_id: str) -> str:
        """`DELETE …/versions/{version_id}`: delete one version; the API's message."""
        return self._requestor.perform(
            Operation(
                "delete_secret_version",
                "DELETE",
                _version_path(organization_id, secret_id, version_id),
                may_be_empty=True,
            ),
            lambda document, _: wire.read_message(document),
        )

    def _walk_secrets(self, organization_id: str, limit: int) -> Iterator[paging.Step[Secret]]:
        def fetch(offset: int) -> paging.Part[Secret]:
            page = self.get_secrets(organization_id, offset, limit)
            return paging.Part(page.secrets, page.dropped, page.has_next)

        return paging.walk(fetch)

    def _walk_versions(
        self, organization_id: str, secret_id: str, limit: int
    ) -> Iterator[paging.Step[SecretVersion]]:
        def fetch(offset: int) -> paging.Part[SecretVersion]:
            page = self.get_secret_versions(organization_id, secret_id, offset, limit)
            return paging.Part(page.versions, page.dropped, page.has_next)

        return paging.walk(fetch)


def _secrets_path(organization_id: str) -> tuple[str, ...]:
    organization_id = check_id(organization_id, "organization_id")
    return "secret-manager", "organizations", organization_id, "secrets"


def _secret_path(organization_id: str, secret_id: str) -> tuple[str, ...]:
    return *_secrets_path(organization_id), check_id(secret_id, "secret_id")


def _versions_path(organization_id: str, secret_id: str) -> tuple[str, ...]:
    return *_secret_path(organization_id, secret_id), "versions"


def _version_path(organization_id: str, secret_id: str, version_id: str) -> tuple[str, ...]:
    return *_versions_path(organization_id, secret_id), check_id(version_id, "version_id")


def _secret_reader(organization_id: str, secret_id: str | None = None) -> Read[Secret]:
    return lambda document, headers: wire.read_secret(
        document, organization_id=organization_id, secret_id=secret_id, etag=etag(headers)
    )


def _idempotency(key: str | None) -> dict[str, str]:
    return {} if key is None else {IDEMPOTENCY_KEY: check_id(key, "idempotency_key")}


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """A secret's changeable fields as they are sent: checked, with null (or []) where cleared."""
    sent: dict[str, Any] = {}
    for key, value in given.items():
        if key == "integration_service_ids":
            sent[key] = rules.check_ids(value or (), key)
        elif value is None:
            sent[key] = None
        elif key == "expired_at":
            sent[key] = rules.check_expiry(value)
        else:
            sent[key] = rules.check_text(value, key)
    return sent
