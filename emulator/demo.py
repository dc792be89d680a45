"""The demonstration organization of `make run`: the same secrets every time, dated around today."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.db import transaction
from django.utils import timezone

from emulator import auth
from emulator.db_router import DATABASE
from emulator.demo_data import (
    MANY_VERSIONS,
    NONE_ACTIVE,
    TWO_ACTIVE,
    DemoSecret,
    read_demo_secrets,
)
from emulator.demo_values import make_value
from emulator.models import Organization, Secret, SecretVersion, Token
from emulator.parameters import INTEGRATION_TYPE

ORGANIZATION_ID = "1410000000000"
ORGANIZATION_NAME = "Example Corp"
PRINCIPAL = "user-1410000000001"
TOKEN_FILE = "demo_token.txt"  # noqa: S105 - a file's name
TOKEN_LABEL = "Demonstration"  # noqa: S105 - a label

USER_IDS = ("1410000000001", "1410000000001", "1410000000002", "1410000000003")
LABS_APP_IDS = ("9909389711171", "9916291917033", "9920017344508", "9931175602894")
# Days from today, dealt out evenly: none for many secrets, past or close for some.
EXPIRY_DAYS = (None,) * 9 + (-210, -6, 2, 5, 12, 26, 60, 120, 300, 500, 900)


def create_organization() -> tuple[Organization, bool]:
    """Return the demonstration organization and whether it had to be created, secrets and all."""
    with transaction.atomic(using=DATABASE):
        organization, created = Organization.objects.get_or_create(
            id=ORGANIZATION_ID, defaults={"name": ORGANIZATION_NAME}
        )
        if created:
            _fill(organization, now=timezone.now())
    return organization, created


def keep_token(given: str, *, folder: Path) -> str:
    """Return the demonstration's token: `given`, else the one kept in `folder`, else a new one.

    The database knows only its hash, so the file is what lets `make run` show it every time.
    """
    path = folder / TOKEN_FILE
    kept = path.read_text().strip() if path.exists() else ""
    token = given or kept or secrets.token_urlsafe(32)
    if token != kept:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(token + "\n")
    return token


def accept_token(organization: Organization, token: str) -> None:
    """Make `token`, and no earlier one, the demonstration's personal access token."""
    ours = organization.tokens.filter(
        kind=Token.Kind.PERSONAL, principal=PRINCIPAL, label=TOKEN_LABEL
    )
    token_hash = auth.hash_token(token)
    for earlier in ours.filter(revoked_at=None).exclude(token_hash=token_hash):
        auth.revoke(earlier)
    if not ours.filter(token_hash=token_hash).update(revoked_at=None):
        auth.issue_token(
            organization=organization,
            kind=Token.Kind.PERSONAL,
            principal=PRINCIPAL,
            label=TOKEN_LABEL,
            token=token,
        )


def _fill(organization: Organization, *, now: datetime) -> None:
    random = Random(1410)  # noqa: S311 - it has to be the same every time
    demo_secrets = read_demo_secrets()
    days = list(EXPIRY_DAYS) * (len(demo_secrets) // len(EXPIRY_DAYS) + 1)
    random.shuffle(days)
    ids = iter(random.sample(range(10**12, 10**13), 10 * len(demo_secrets)))
    found: list[Secret] = []
    versions: list[SecretVersion] = []
    for demo, expires_in in zip(demo_secrets, days, strict=False):
        secret = _secret(organization, demo, expires_in, str(next(ids)), now, random)
        found.append(secret)
        versions += [
            _version(secret, demo, number, created_at, str(next(ids)), random)
            for number, created_at in enumerate(_dates(secret, now, random), start=1)
        ]
    Secret.objects.bulk_create(found)
    SecretVersion.objects.bulk_create(versions)


def _secret(
    organization: Organization,
    demo: DemoSecret,
    expires_in: int | None,
    secret_id: str,
    now: datetime,
    random: Random,
) -> Secret:
    created_at = now - timedelta(days=random.uniform(30, 3 * 365))
    labs_apps = (
        random.sample(LABS_APP_IDS, random.randint(1, 3)) if demo.name.startswith("labs-") else []
    )
    return Secret(
        id=secret_id,
        organization=organization,
        user_id=random.choice(USER_IDS),
        name=demo.name,
        description=demo.description,
        expired_at=_end_of_day(now, expires_in),
        integration_service_type=INTEGRATION_TYPE if labs_apps else "",
        integration_service_ids=labs_apps,
        last_version=60 if demo.name == MANY_VERSIONS else random.randint(2, 6),
        created_at=created_at,
        updated_at=random.choice([created_at, created_at + (now - created_at) * random.random()]),
    )


def _dates(secret: Secret, now: datetime, random: Random) -> list[datetime]:
    """Return when each version was made: the first with the secret, the others since, in order."""
    age = now - secret.created_at
    later = [secret.created_at + age * random.random() for _ in range(secret.last_version - 1)]
    return [secret.created_at, *sorted(later)]


def _version(
    secret: Secret,
    demo: DemoSecret,
    number: int,
    created_at: datetime,
    version_id: str,
    random: Random,
) -> SecretVersion:
    active = 0 if demo.name == NONE_ACTIVE else 2 if demo.name in TWO_ACTIVE else 1
    is_active = number > secret.last_version - active
    return SecretVersion.build(
        id=version_id,
        secret=secret,
        number=number,
        value=make_value(demo.shape, random),
        status=SecretVersion.Status.ACTIVE if is_active else SecretVersion.Status.INACTIVE,
        created_at=created_at,
    )


def _end_of_day(now: datetime, days: int | None) -> datetime | None:
    if days is None:
        return None
    # 23:59:59 in Japan
    return (now + timedelta(days=days)).replace(hour=14, minute=59, second=59, microsecond=0)
