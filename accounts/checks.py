"""What must fit together before anybody is let in. The server does not start otherwise."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts.entry import role_rules
from accounts.roles import EVERYBODY, Role


@register()
def roles_can_be_given(**kwargs: Any) -> list[CheckMessage]:
    """ROLE_MAP can be read, and single sign-on has one that does not make everybody mighty."""
    try:
        rules = role_rules(settings.ROLE_MAP)
    except ValueError as error:
        return [Error(f"ROLE_MAP: {error}.", id="accounts.E001")]
    if settings.AUTH_MODE == "local":
        if rules:
            return [
                Error("ROLE_MAP is for oidc and proxy: roles are given here.", id="accounts.E002")
            ]
        return []
    if not rules:
        return [Error("ROLE_MAP is empty, so nobody would get in.", id="accounts.E003")]
    if any(rule.who == EVERYBODY and rule.role == Role.ADMINISTRATOR for rule in rules):
        return [Error("ROLE_MAP makes everybody an administrator.", id="accounts.E004")]
    return []


@register()
def step_up_comes_before_the_end(**kwargs: Any) -> list[CheckMessage]:
    """A proof that outlives every session is asked for once and never again."""
    if settings.STEP_UP_MINUTES * 60 > settings.SESSION_COOKIE_AGE:
        return [Error("STEP_UP_MINUTES is longer than SESSION_HOURS.", id="accounts.E005")]
    return []
