"""The words of a digest: hostile names stay names, and each reader has their language."""

import re
from email.message import EmailMessage

import pytest
from pytest_django import Settings

from accounts.models import Person
from emulator.models import Secret
from secrets_ui.notify import texts
from secrets_ui.notify.config import NotifyConfig
from secrets_ui.notify.due import Due
from secrets_ui.notify.ledger import Digest
from secrets_ui.notify.recipients import Item, Recipient
from secrets_ui.notify.texts import Message, mail_of, plain, webhook_text_of
from tests.secrets_ui.notify.conftest import MORNING, Make, at, notify
from tests.secrets_ui.notify.reading import html_of, names_in, text_of
from tests.secrets_ui.notify.servers import Mailbox, Receiver

CONFIG = NotifyConfig(organization_id="1410000000000", dashboard_url="https://secrets.example.com")
ANSI = "\x1b[31mred"
HOSTILE = [
    "a\r\nBcc: evil@example.com",
    "a\nSubject: another",
    "<!channel> <!here> <@U123> @channel @here",
    "<https://evil.example|Open>",
    "https://evil.example/sign-in",
    "//evil.example www.evil.example evil.example/path",
    "mailto:evil@example.com evil@example.com",
    "` `<!channel>` *bold* ~gone~ [Open](https://evil.example)",
    "&lt;!channel&gt; &amp;",
    '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "{{ 7|add:1 }}{% debug %} %s %(name)s {0}",
    "a\u202egnp.exe\u200b\u2066\ufeff",
    "tel:+81312345678",
    ANSI,
    "x" * 5000,
    "。．｡evil．example＠here：／／",
]
# What a mail reader or Slack could take for an address, a mention or mark-up.
ACTIVE = re.compile(
    r"[<>&@:/.`*~|\[\]{}%\\\"\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def short(name: str) -> str:
    return ascii(name[:30])


def digest_of(*names: str, owner: str = "", language: str = "en") -> Digest:
    items = tuple(
        Item(Due(str(number), name, at(7), 7), owner) for number, name in enumerate(names, 1)
    )
    return Digest("d" * 32, Recipient("webhook", "", language, ""), items)


def mail(digest: Digest) -> Message:
    return mail_of(digest, CONFIG, now=MORNING)


def webhook_text(digest: Digest) -> str:
    return webhook_text_of(digest, CONFIG, now=MORNING)


# Names


@pytest.mark.parametrize("name", HOSTILE, ids=short)
def test_nothing_active_is_left_of_a_hostile_name(name: str) -> None:
    assert not ACTIVE.search(plain(name))
    assert len(plain(name)) <= 101


@pytest.mark.parametrize(
    "name", ["crm-webhook_signing-2026", "銀行 API キー", "Müller", "हिन्दी", "かぎ", "O–Brien"]
)
def test_words_of_any_script_stay_as_they_are(name: str) -> None:
    assert plain(name) == name


@pytest.mark.parametrize("name", HOSTILE, ids=short)
def test_a_digest_says_the_same_whatever_a_secret_or_an_owner_is_called(name: str) -> None:
    """With the name taken out, nothing remains that a harmless name would not leave, too."""
    hostile, harmless = digest_of(name, owner=name), digest_of("bank-api", owner="bank-api")
    assert mail(hostile).subject == mail(harmless).subject
    for part in ("text", "html"):
        said = getattr(mail(hostile), part).replace(plain(name), "bank-api")
        assert said == getattr(mail(harmless), part)
    said = webhook_text(hostile).replace(plain(name), "bank-api")
    assert said == webhook_text(harmless)


@pytest.mark.parametrize("name", ["<!channel>", "&lt;!here&gt;", "<script>alert(1)</script>"])
def test_mark_up_is_escaped_even_where_a_name_kept_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "plain", lambda text: text)
    digest = digest_of(name, owner=name)
    assert name not in mail(digest).html
    assert name not in webhook_text(digest)


def test_a_name_of_nothing_visible_is_shown_as_its_id() -> None:
    assert "- 1\n" in mail(digest_of("")).text


@pytest.mark.django_db(databases=["default", "emulator"])
@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("name", HOSTILE[:3], ids=short)
def test_hostile_names_forge_nothing_on_their_way(
    name: str,
    make: Make,
    hanako: Person,
    mailbox: Mailbox,
    receiver: Receiver,
) -> None:
    secret = make("bank-api", 7, hanako)
    Person.objects.filter(pk=hanako.pk).update(name=name[:150])
    Secret.objects.filter(pk=secret.id).update(name=name)  # no API of ours would take it
    assert notify().error == ""
    [arrived] = mailbox.mails
    assert arrived["To"] == "hanako@example.com"
    assert arrived["Bcc"] is None
    assert arrived["Subject"] == "1 secret has expired or expires soon"
    assert names_in(arrived) == [plain(name)]
    [text] = receiver.texts
    assert len(re.findall(r"<[^>]*>", text)) == 2  # our own links
    assert all(link.startswith("<https://secrets.") for link in re.findall(r"<[^>]*>", text))


# Links


def test_there_are_no_links_where_the_dashboards_address_is_not_known() -> None:
    digest = digest_of("bank-api")
    config = NotifyConfig(organization_id="1410000000000")
    message = mail_of(digest, config, now=MORNING)
    assert "http" not in message.text + message.html + webhook_text_of(digest, config, now=MORNING)


# Length


def test_a_webhook_gets_fifty_lines_and_the_number_of_the_rest() -> None:
    digest = digest_of(*(f"secret-{number}" for number in range(61)))
    text = webhook_text(digest)
    assert len(names_in(text)) == 50
    assert "and 11 more" in text
    assert "*61 secrets have expired or expire soon*" in text


def test_the_longest_text_is_not_cut_off_by_slack() -> None:
    digest = digest_of(*("&" * 200 + "字" * 100 for _ in range(60)), owner="&" * 150)
    assert len(webhook_text(digest)) < 40_000


def test_a_mail_holds_all_of_it() -> None:
    text = mail(digest_of(*(f"secret-{number}" for number in range(600)))).text
    assert text.count("\n- ") == 600


# Language


@pytest.mark.django_db(databases=["default", "emulator"])
@pytest.mark.usefixtures("config")
def test_each_reader_has_their_own_language(
    make: Make,
    hanako: Person,
    taro: Person,
    mailbox: Mailbox,
    receiver: Receiver,
    settings: Settings,
) -> None:
    settings.LANGUAGES = [("en", "English"), ("ja", "Japanese")]
    Person.objects.filter(pk=hanako.pk).update(language="ja")
    Person.objects.filter(pk=taro.pk).update(language="tlh")  # none of ours
    make("hers", 7, hanako)
    make("his", 7, taro)
    notify()
    hers, his = mailbox.to("hanako@example.com"), mailbox.to("taro@example.com")
    assert _language(hers[0]) == "ja"
    assert "金 11 12月 2026" in text_of(hers[0])  # Friday, in Django's own translation
    assert _language(his[0]) == "en"
    for text in (text_of(his[0]), receiver.texts[0]):
        assert "Fri 11 Dec 2026" in text


def _language(arrived: EmailMessage) -> str:
    found = re.search(r'<html lang="(\w+)">', html_of(arrived))
    assert found is not None
    return found[1]
