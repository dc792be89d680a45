"""Secrets of an organization of any size, as a list of the API has them. The same every time.

The first 100 of 50,000 are the 100 of 100, so that organizations differ in their size alone.
"""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from secret_manager.rules import InvalidArgument, check_name

ORGANIZATION_ID = "1410000000000"
CREATORS = tuple(f"141000000000{number}" for number in range(1, 7))
LABS_APPS = tuple(str(9909389711171 + 10_627_205_746 * number) for number in range(12))
PROVIDER = "aws-secret-manager"

# Who it belongs to, in names, in English, in Japanese; and what they run.
DEPARTMENTS = (
    (
        "aws",
        "cloud operations",
        "クラウド運用",
        "s3-backup ses-smtp rds-analytics iot-device lambda",
    ),
    ("azure", "the head office", "本社", "ad-sync blob-archive openai-embedding devops-feed"),
    (
        "gcp",
        "data analytics",
        "データ分析",
        "bigquery-report vision-ocr maps-geocoding pubsub-orders",
    ),
    (
        "labs",
        "the Labs team",
        "Labs推進",
        "chat-assistant contract-review minutes invoice-reader faq",
    ),
    (
        "payroll",
        "accounting",
        "給与",
        "sftp-upload provider-api archive-pdf timesheet bank-transfer",
    ),
    ("accounting", "accounting", "経理", "erp bank-api tax-filing expense-card invoice-mailbox"),
    ("hr", "human resources", "人事", "recruiting learning ldap-bind benefits-portal background"),
    ("crm", "sales planning", "営業企画", "integration webhook sandbox export-sftp contact-sync"),
    ("marketing", "marketing", "マーケティング", "mailing ads-reporting cms-deploy survey event"),
    (
        "support",
        "the support desk",
        "サポート",
        "helpdesk phone-sip chat-widget remote-access wiki",
    ),
    ("web", "the web team", "ウェブ", "portal-db redis-cache captcha cdn-purge tls-wildcard push"),
    ("mobile", "the app team", "アプリ開発", "android-store ios-push crash-report feature-flag"),
    ("payment", "payments", "決済", "gateway-live gateway-test refund 3ds-client fraud-score"),
    ("logistics", "logistics", "物流", "carrier-a carrier-b warehouse-edi customs route-planner"),
    ("factory", "production", "製造技術", "plc-gateway mes-database camera-nvr vpn-site badge"),
    ("data", "the data platform", "データ基盤", "warehouse lake-encryption catalog-api bi-embed"),
    ("ml", "research", "研究開発", "training-registry feature-store labeling gpu-cluster speech"),
    ("infra", "infrastructure", "インフラ", "terraform-state dns monitoring oncall bastion relay"),
    ("ci", "the build team", "ビルド", "artifact-upload code-signing package-mirror release-bot"),
    (
        "office",
        "general affairs",
        "総務",
        "wifi-guest wifi-radius printer door-system meeting-room",
    ),
)
KINDS = (
    *("api-key", "api-token", "login", "password", "private-key", "client-cert", "webhook-key"),
    *("account", "passphrase", "connection", "licence", "signing-key", "pin", "access-key", "dsn"),
)
PLACES = ("", "", "", "", "prod", "stg", "dev", "tokyo", "osaka", "nagoya", "overseas", "dr")
ENGLISH = (
    "Used by {who} every night at {hour:02}:00 JST. Ask {who} before you change it.",
    "Read-only access for {who}. Owner: {who}.",
    "Rotate every {days} days; the provider sends a reminder.",
    "Two-way synchronisation of {system}, owner {who}.",
    "Only for tests. Data of {system} is wiped every Sunday.",
    "Monthly quota {days},000 calls.",
    "Shared with the agency until the end of the fiscal year.",
    "Without it {system} cannot be restored. A printed copy is in the safe of the Tokyo office, and "
    "after a change each agent has to be started again, one by one, outside office hours.",
)
JAPANESE = (
    "{who}部が使用する{system}の認証情報です。",
    "読み取り専用。変更時は{who}部へ連絡してください。",
    "{days}日ごとに更新が必要です。",
    "本番環境用。閲覧は{who}部のみ。",
    "夜間バッチ（毎日{hour}時）で{system}に接続するためのキー。",
    "検証環境のみで利用します。",
    "契約終了後は失効させます。担当は{who}部です。",
    "{system}の設定を変更した場合は、このシークレットも新しいバージョンに更新し、古いバージョンは翌営業日に"
    "オフにしてください。夜間や休日の対応は{who}部の当番へ電話してください。",
)


def organization(
    count: int, *, now: datetime, with_values: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield `count` secrets as `GET …/secrets` lists them (the API document; emulator/payloads.py).

    Args:
        now: an aware moment that created, expired and changed ones are dated around.
        with_values: what `return_secret_value=true` adds; everything else stays the same.
    """
    random, values = Random(1410), Random(1411)
    ids, names = _ids(random), _names(random)
    for _ in range(count):
        name, department, system = next(names)
        secret_id, created_at = next(ids), now - timedelta(days=random.uniform(1, 4 * 365))
        versions = list(_versions(secret_id, created_at, now, ids, random))
        apps = _apps(department[0], random)
        if with_values:
            for version in versions:
                version["value"] = base64.b64encode(values.randbytes(48)).decode()
        yield {
            "id": secret_id,
            "organization_id": ORGANIZATION_ID,
            "user_id": random.choice(CREATORS),
            "name": name,
            "description": _description(department, system, random),
            "properties": None,
            "provider": PROVIDER,
            "rotation": False,
            "integration_service_type": "abeja-platform-labs" if apps else None,
            "integration_service_ids": apps,
            "expired_at": _expiry(now, random),
            "created_at": _moment(created_at),
            "updated_at": versions[-1]["updated_at"],
            "versions": versions,
        }


def _names(random: Random) -> Iterator[tuple[str, tuple[str, str, str, str], str]]:
    """Names that the API takes, each once, with their department and system."""
    taken: set[str] = set()
    while True:
        department = random.choice(DEPARTMENTS)
        system = random.choice(department[3].split())
        parts = [department[0], system, random.choice(PLACES), random.choice(KINDS)]
        name = "-".join(filter(None, parts))
        if name in taken:
            name += f"-{random.randint(2, 9999)}"
        if random.random() < 0.1:
            name = name.replace("-", "_").upper()
        if name not in taken and _is_allowed(name):
            taken.add(name)
            yield name, department, system


def _is_allowed(name: str) -> bool:
    try:
        return bool(check_name(name))
    except InvalidArgument:
        return False


def _ids(random: Random) -> Iterator[str]:
    taken: set[int] = set()
    while True:
        number = random.randrange(10**12, 10**13)
        if number not in taken:
            taken.add(number)
            yield str(number)


def _description(department: tuple[str, str, str, str], system: str, random: Random) -> str | None:
    _, english, japanese, _ = department
    chance, hour, days = random.random(), random.randint(0, 23), random.choice((30, 60, 90, 180))
    if chance < 0.08:
        return None if chance < 0.05 else ""
    text, who = (
        (random.choice(ENGLISH), english) if chance < 0.5 else (random.choice(JAPANESE), japanese)
    )
    return text.format(who=who, system=system, hour=hour, days=days)


def _apps(department: str, random: Random) -> list[str]:
    is_used = random.random() < (0.9 if department == "labs" else 0.1)
    return random.sample(LABS_APPS, random.randint(1, 3)) if is_used else []


def _expiry(now: datetime, random: Random) -> str | None:
    """None for many; past, within a month, within a year or far for the others."""
    from_day, to_day = random.choices(
        ((0, 0), (-400, -1), (0, 30), (31, 365), (366, 1500)), weights=(45, 8, 10, 22, 15)
    )[0]
    if not to_day - from_day:
        return None
    moment = now + timedelta(days=random.randint(from_day, to_day))
    return moment.strftime("%Y-%m-%dT14:59:00Z")


def _versions(
    secret_id: str, created_at: datetime, now: datetime, ids: Iterator[str], random: Random
) -> Iterator[dict[str, Any]]:
    """One to three; as a rule the newest is on, for a few secrets none is, or several are."""
    count = random.choices((1, 2, 3), weights=(60, 28, 12))[0]
    rarity = random.random()
    for number in range(1, count + 1):
        moment = created_at + (now - created_at) * random.uniform(0.9, 1) * (number - 1) / count
        is_on = rarity >= 0.02 and (number == count or rarity > 0.97)
        yield {
            "id": next(ids),
            "organization_id": ORGANIZATION_ID,
            "secret_id": secret_id,
            "value": None,
            "version": number,
            "status": "active" if is_on else "inactive",
            "provider": PROVIDER,
            "created_at": _moment(moment),
            "updated_at": _moment(moment),
        }


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
