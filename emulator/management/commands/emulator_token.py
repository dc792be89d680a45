"""Create, list and revoke the credentials of the emulator."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from emulator import auth
from emulator.db_router import DATABASE
from emulator.models import Organization, Token

MIN_GIVEN_LENGTH = 24


class Command(BaseCommand):
    help = "Create, list or revoke credentials of the embedded Secret Manager."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="create one and print it, this once")
        create.add_argument("--organization", required=True, metavar="ID")
        create.add_argument("--kind", choices=Token.Kind.values, default=Token.Kind.BEARER)
        create.add_argument(
            "--principal",
            default="user-1410000000001",
            help="whose token: user-… or, for the kind datasource, datasource-…",
        )
        create.add_argument("--label", default="", help="what it is for")
        create.add_argument(
            "--token-from-env",
            metavar="VARIABLE",
            # An argument would show in the list of processes, a variable does not.
            help="use the token in this environment variable instead of a random one",
        )
        actions.add_parser("list", help="list them, without the tokens")
        revoke = actions.add_parser("revoke", help="refuse one from now on")
        revoke.add_argument("id", type=int)

    def handle(self, *, action: str, **options: Any) -> None:
        if action == "create":
            self._create(**options)
        elif action == "list":
            self._list()
        else:
            self._revoke(options["id"])

    def _create(
        self,
        *,
        organization: str,
        kind: str,
        principal: str,
        label: str,
        token_from_env: str | None,
        **options: Any,
    ) -> None:
        found = Organization.objects.filter(id=organization).first()
        if found is None:
            raise CommandError(f"There is no organization {organization}.")
        given = _read_given(token_from_env) if token_from_env else None
        try:
            with transaction.atomic(using=DATABASE):
                _, text = auth.issue_token(
                    organization=found, kind=kind, principal=principal, label=label, token=given
                )
        except ValueError as problem:
            raise CommandError(str(problem)) from None
        except IntegrityError:
            raise CommandError("This token is in use already.") from None
        if given is None:
            self.stdout.write(text)

    def _list(self) -> None:
        for token in Token.objects.order_by("id"):
            state = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else "valid"
            self.stdout.write(
                f"{token.pk}\t{token.organization_id}\t{token.kind}\t{token.principal}"
                f"\t{token.created_at:%Y-%m-%d}\t{state}\t{token.label}"
            )

    def _revoke(self, token_id: int) -> None:
        token = Token.objects.filter(pk=token_id).first()
        if token is None:
            raise CommandError(f"There is no token {token_id}: `emulator_token list` shows them.")
        auth.revoke(token)
        self.stdout.write(f"Token {token_id} is revoked.")


def _read_given(variable: str) -> str:
    token = os.environ.get(variable, "")
    if len(token) < MIN_GIVEN_LENGTH:
        raise CommandError(f"{variable} must hold at least {MIN_GIVEN_LENGTH} characters.")
    return token
