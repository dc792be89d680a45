"""Who is told of what: each owner of their own secrets, the webhook of all."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import Person
from accounts.roles import Capability, capabilities_of
from secrets_ui.models import Note
from secrets_ui.notify.config import NotifyConfig
from secrets_ui.notify.due import Due

WEBHOOK = "webhook"


class Item(NamedTuple):
    """One secret in a digest. owner: what its owner is called; empty where nobody is told as one."""

    due: Due
    owner: str


@dataclass(frozen=True)
class Recipient:
    """Somebody, or something, that gets one digest.

    channel: as `Notice.channel`. address: an e-mail address; empty for the webhook.
    title: what the command calls them where something fails: no address, no name.
    """

    channel: str
    address: str
    language: str
    title: str


@dataclass
class Share:
    """What is due for one recipient."""

    recipient: Recipient
    items: list[Item] = field(default_factory=list)


def shares_of(due: Sequence[Due], config: NotifyConfig) -> tuple[list[Share], int]:
    """Return what each recipient is to be told, and how many secrets nobody is told of."""
    owners = _owners(config.organization_id)
    items = [Item(each, _name_of(owners.get(each.secret_id))) for each in due]
    by_channel: dict[str, Share] = {}
    unheard = 0
    for item in items:
        recipient = _by_mail(owners.get(item.due.secret_id), config)
        if recipient:
            by_channel.setdefault(recipient.channel, Share(recipient)).items.append(item)
        elif not config.webhook_url:
            unheard += 1
    if config.webhook_url:
        everybody = Recipient(WEBHOOK, "", settings.LANGUAGE_CODE, "the webhook")
        by_channel[WEBHOOK] = Share(everybody, items)
    return list(by_channel.values()), unheard


def _owners(organization_id: str) -> dict[str, Person]:
    """Return the owner of each secret that has one who may be told."""
    notes = Note.objects.filter(organization_id=organization_id).exclude(owner=None)
    owners = {
        note.secret_id: note.owner
        for note in notes.select_related("owner").only("secret_id", "owner")
    }
    return {
        secret_id: owner for secret_id, owner in owners.items() if owner and _may_be_told(owner)
    }


def _may_be_told(person: Person) -> bool:
    """Somebody who would not be let in, or not see secrets, is told nothing of them."""
    comes_in = person.is_active and person.is_kept_here == (settings.AUTH_MODE == "local")
    return comes_in and Capability.READ in capabilities_of(person.role) and _is_email(person.email)


def _is_email(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return True


def _name_of(owner: Person | None) -> str:
    return owner.display_name if owner else ""


def _by_mail(owner: Person | None, config: NotifyConfig) -> Recipient | None:
    if not config.mail_server:
        return None
    if owner:
        return Recipient(_channel(owner.email), owner.email, _language(owner), f"person {owner.pk}")
    if config.fallback:
        address = config.fallback
        return Recipient(_channel(address), address, settings.LANGUAGE_CODE, "the fallback address")
    return None


def _channel(address: str) -> str:
    return f"email:{address.lower()}"


def _language(person: Person) -> str:
    known = dict(settings.LANGUAGES)
    return person.language if person.language in known else settings.LANGUAGE_CODE
