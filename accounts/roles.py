"""What people may do here. A role can only take away: their credential still decides at the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.identity import Identity


class Capability(StrEnum):
    """One thing that a page lets people do."""

    READ = "read"
    WRITE = "write"
    REVEAL = "reveal"
    DELETE = "delete"
    EXPORT = "export"
    IMPORT = "import"
    TRAIL = "trail"
    PEOPLE = "people"


class Role(models.TextChoices):
    """A person has one. Nobody without one gets in."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    MANAGER = "manager", _("Manager")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


_VIEWER = frozenset({Capability.READ})
_OPERATOR = _VIEWER | {Capability.WRITE, Capability.REVEAL}
_MANAGER = _OPERATOR | {Capability.DELETE, Capability.EXPORT, Capability.IMPORT}

CAPABILITIES: dict[str, frozenset[Capability]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.MANAGER: _MANAGER,
    Role.AUDITOR: frozenset({Capability.TRAIL}),
    Role.ADMINISTRATOR: _MANAGER | {Capability.TRAIL, Capability.PEOPLE},
}

# What stands before the equals sign of an entry of ROLE_MAP, beside the name of a group.
EVERYBODY, EMAIL, SUBJECT = "*", "email:", "subject:"


def capabilities_of(role: str) -> frozenset[Capability]:
    """Return what a role may do; nothing for what is no role."""
    return CAPABILITIES.get(role, frozenset())


def roles_with(capability: Capability) -> list[Role]:
    """Return the roles that may do this, for telling somebody who could."""
    return [role for role in Role if capability in CAPABILITIES[role]]


@dataclass(frozen=True)
class RoleRule:
    """One entry of ROLE_MAP."""

    who: str
    role: Role

    def fits(self, identity: Identity) -> bool:
        if self.who == EVERYBODY:
            return True
        if self.who.startswith(EMAIL):
            wanted = self.who.removeprefix(EMAIL).casefold()
            return bool(identity.email) and identity.email.casefold() == wanted
        if self.who.startswith(SUBJECT):
            return identity.subject == self.who.removeprefix(SUBJECT)
        return self.who in identity.groups


def parse_role_map(text: str) -> tuple[RoleRule, ...]:
    """Return the rules of ROLE_MAP: `group=role; email:a@example.com=role; *=role`.

    Raises:
        ValueError: an entry is not of this form; the message names no person.
    """
    entries = [entry.strip() for entry in text.split(";") if entry.strip()]
    return tuple(_rule(entry, number) for number, entry in enumerate(entries, start=1))


def _rule(entry: str, number: int) -> RoleRule:
    # The last one: names of groups may hold equals signs themselves, as in directories.
    who, _equals, role = entry.rpartition("=")
    who, role = who.strip(), role.strip()
    if role not in Role.values or not who.removeprefix(EMAIL).removeprefix(SUBJECT):
        known = ", ".join(Role.values)
        raise ValueError(f"entry {number} must be group=role; roles are {known}")
    return RoleRule(who, Role(role))


def role_for(identity: Identity, rules: Sequence[RoleRule]) -> str:
    """Return the role of the first rule that fits; empty where none does."""
    return next((rule.role.value for rule in rules if rule.fits(identity)), "")
