"""What an event of the trail is about, made from what the API said, which is hostile."""

from audit.trail import Subject
from secret_manager import Secret, check_id
from secrets_ui.connection import Connection


def subject_of(
    connection: Connection,
    *,
    secret_id: str = "",
    secret_name: str = "",
    version_id: str = "",
    detail: str = "",
) -> Subject:
    """Return ids, names and field names: never a value.

    Raises:
        secret_manager.InvalidArgument: an id from the address is none.
    """
    return Subject(
        organization_id=connection.organization_id,
        api_identity=connection.identity,
        secret_id=check_id(secret_id, "secret_id") if secret_id else "",
        secret_name=recordable(secret_name),
        version_id=check_id(version_id, "version_id") if version_id else "",
        detail=detail,
    )


def facts_of(secret: Secret, version_id: str = "") -> dict[str, str]:
    """Return a secret's id and name, and a version's id, by the names they are recorded under."""
    return {
        "secret_id": secret.id,
        "secret_name": recordable(secret.name),
        "version_id": version_id,
    }


def recordable(name: str | None) -> str:
    """Return a name in which no control character can break a line, cut to what a line takes."""
    return "".join(character for character in name or "" if character.isprintable())[:255]
