"""The command: who is told of what, once, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from accounts.models import Person
from accounts.roles import Role
from audit.models import Event
from emulator import models as emulator
from secret_manager import SecretManagerClient
from secrets_ui.models import Note, Notice
from secrets_ui.notify import ledger, webhook
from tests.accounts.support import break_trail, outcomes
from tests.secrets_ui.conftest import ORGANIZATION_ID
from tests.secrets_ui.notify.conftest import (
    MORNING,
    TEAM,
    VALUE,
    Configure,
    Make,
    at,
    give,
    notify,
    somebody,
)
from tests.secrets_ui.notify.reading import html_of, names_in, text_of
from tests.secrets_ui.notify.servers import SECRET_PATH, Mailbox, Receiver

pytestmark = [
    pytest.mark.django_db(databases=["default", "emulator"]),
    pytest.mark.usefixtures("config"),
]
DAY = timedelta(days=1)


# Who is told of what


def test_an_owner_gets_one_digest_of_what_is_due(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    bank = make("bank-api", 7, hanako)
    make("crm-token", -2, hanako)
    make("far-away", 31, hanako)
    ran = notify()
    assert ran.error == ""
    [mail] = mailbox.mails
    assert (mail["To"], mail["From"]) == ("hanako@example.com", "Secrets <secrets@example.com>")
    assert mail["Subject"] == "2 secrets have expired or expire soon"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert names_in(mail) == ["crm-token", "bank-api"]
    address = f"https://secrets.example.com/organizations/{ORGANIZATION_ID}/secrets/{bank.id}/"
    for text in (text_of(mail), html_of(mail)):
        assert "expired 2 days ago, Wed 2 Dec 2026 14:59 UTC" in text
        assert "expires in 7 days, Fri 11 Dec 2026 14:59 UTC" in text
        assert address in text
        assert "far-away" not in text


def test_times_are_in_the_configured_zone(
    make: Make, hanako: Person, mailbox: Mailbox, settings: Settings
) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    make("bank-api", 7, hanako)
    notify()
    assert "Fri 11 Dec 2026 23:59 JST" in text_of(mailbox.mails[0])


def test_each_owner_is_told_of_their_own(
    make: Make, hanako: Person, taro: Person, mailbox: Mailbox
) -> None:
    make("hers", 7, hanako)
    make("his", 7, taro)
    notify()
    told = {mail["To"]: names_in(mail) for mail in mailbox.mails}
    assert told == {"hanako@example.com": ["hers"], "taro@example.com": ["his"]}


def test_the_webhook_is_told_of_everything_with_its_owner(
    make: Make, hanako: Person, receiver: Receiver
) -> None:
    make("bank-api", 7, hanako)
    make("nobodys", -2)
    notify()
    [text] = receiver.texts
    assert names_in(text) == ["nobodys", "bank-api"]
    nobodys, bank = text.splitlines()[1:3]
    assert "(no owner who can be told)" in nobodys
    assert "expires in 7 days, Fri 11 Dec 2026 14:59 UTC (owner: hanako)" in bank
    assert f"<https://secrets.example.com/organizations/{ORGANIZATION_ID}/secrets/" in bank
    assert receiver.posts == [{"text": text}]


def test_what_has_no_owner_goes_to_the_fallback_address(make: Make, mailbox: Mailbox) -> None:
    make("nobodys", 1)
    notify()
    [mail] = mailbox.mails
    assert mail["To"] == TEAM
    assert "no owner who can be told" in text_of(mail)


@pytest.mark.parametrize(
    "facts",
    [
        {"is_active": False},
        {"email": ""},
        {"email": "taro@example.com, hanako@example.com"},
        {"email": "taro@example.com\nBcc: hanako@example.com"},
        {"role": ""},
        {"role": Role.AUDITOR},
        {"issuer": "https://sso.example.com", "subject": "7"},
    ],
    ids=str,
)
def test_an_owner_who_may_not_see_it_or_has_no_address_is_no_owner(
    facts: dict[str, Any], make: Make, mailbox: Mailbox
) -> None:
    make("bank-api", 1, somebody("taro", **facts))
    notify()
    [mail] = mailbox.mails
    assert mail["To"] == TEAM


def test_a_note_in_another_organization_makes_nobody_an_owner(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    give(make("bank-api", 1), hanako)
    Note.objects.update(organization_id="1420000000000")
    notify()
    [mail] = mailbox.mails
    assert mail["To"] == TEAM


def test_two_owners_with_one_address_get_one_digest(make: Make, mailbox: Mailbox) -> None:
    make("first", 1, somebody("one", email="Shared@example.com"))
    make("second", 1, somebody("two", email="shared@example.com"))
    notify()
    [mail] = mailbox.mails
    assert names_in(mail) == ["first", "second"]


def test_nobody_is_told_where_nothing_is_due(
    make: Make, hanako: Person, mailbox: Mailbox, receiver: Receiver, truth: SecretManagerClient
) -> None:
    make("far-away", 31, hanako)
    truth.create_secret(ORGANIZATION_ID, "endless", VALUE)
    assert notify().out == "Notices sent: 0. Digests: 0.\n"
    assert (mailbox.mails, receiver.posts) == ([], [])
    assert not Event.objects.exists()


def test_it_says_how_many_nobody_can_be_told_of(make: Make, configure: Configure) -> None:
    configure(fallback="", webhook_url="")
    make("nobodys", 1)
    ran = notify()
    assert "Due, and nobody can be told: 1." in ran.out
    assert ran.error == ""


def test_mail_alone_and_webhook_alone_will_do(
    make: Make, hanako: Person, mailbox: Mailbox, receiver: Receiver, configure: Configure
) -> None:
    make("bank-api", 1, hanako)
    configure(mail_server=None, fallback="")
    notify()
    assert (len(mailbox.mails), len(receiver.posts)) == (0, 1)


# Once


def test_nobody_is_told_twice(
    make: Make, hanako: Person, mailbox: Mailbox, receiver: Receiver
) -> None:
    make("bank-api", 7, hanako)
    for hours in range(0, 5 * 24, 7):
        notify(now=MORNING + timedelta(hours=hours))
    assert (len(mailbox.mails), len(receiver.posts)) == (1, 1)


@pytest.mark.usefixtures("by_mail_only")
def test_every_threshold_brings_one_notice_on_its_day(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    make("bank-api", 40, hanako)
    days_when_told = []
    for day in range(50):
        before = len(mailbox.mails)
        notify(now=MORNING + day * DAY)
        days_when_told += [40 - day] * (len(mailbox.mails) - before)
    # It expires in the afternoon of day 0; the first run after that is the next morning.
    assert days_when_told == [30, 7, 1, -1]


@pytest.mark.usefixtures("by_mail_only")
def test_of_several_thresholds_at_once_the_nearest_counts_for_all(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    make("bank-api", 5, hanako)
    for day in range(5):
        notify(now=MORNING + day * DAY)
    assert len(mailbox.mails) == 2  # for 7 days, late, and for 1; none for 30


@pytest.mark.usefixtures("by_mail_only")
def test_other_thresholds_bring_nothing_that_was_told_nearer(
    make: Make, hanako: Person, mailbox: Mailbox, configure: Configure
) -> None:
    make("bank-api", 5, hanako)
    notify()
    for days in ((30, 1, 0), (30, 14, 6)):
        configure(days=days)
        notify()
    assert [names_in(mail) for mail in mailbox.mails] == [["bank-api"]] * 2  # at 7, then at 6


@pytest.mark.usefixtures("by_mail_only")
def test_a_secret_that_is_extended_starts_anew(
    make: Make, hanako: Person, mailbox: Mailbox, truth: SecretManagerClient
) -> None:
    secret = make("bank-api", 7, hanako)
    notify()
    truth.update_secret(ORGANIZATION_ID, secret.id, expired_at=at(60))
    notify(now=MORNING + DAY)
    assert len(mailbox.mails) == 1
    notify(now=MORNING + 53 * DAY)
    assert len(mailbox.mails) == 2


@pytest.mark.usefixtures("by_mail_only")
def test_a_new_owner_is_told_too(
    make: Make, hanako: Person, taro: Person, mailbox: Mailbox
) -> None:
    secret = make("bank-api", 7, hanako)
    notify()
    give(secret, taro)
    notify()
    notify()
    assert [mail["To"] for mail in mailbox.mails] == ["hanako@example.com", "taro@example.com"]


def test_what_another_organization_was_told_does_not_count(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    make("bank-api", 7, hanako)
    notify()
    Notice.objects.update(organization_id="1420000000000")
    notify()
    assert len(mailbox.mails) == 2


# When something fails


@pytest.mark.usefixtures("by_mail_only")
def test_one_refused_address_stops_nobody_else(
    make: Make, hanako: Person, taro: Person, mailbox: Mailbox
) -> None:
    make("hers", 1, hanako)
    make("his", 2, taro)
    mailbox.refused = {"hanako@example.com"}
    ran = notify()
    assert [mail["To"] for mail in mailbox.mails] == ["taro@example.com"]
    assert (
        f"Not delivered to person {hanako.pk}: the mail server refused the address (550)" in ran.out
    )
    assert "Digests not delivered: 1." in ran.error
    mailbox.refused = set()
    assert notify().error == ""
    assert [mail["To"] for mail in mailbox.mails] == ["taro@example.com", "hanako@example.com"]


@pytest.mark.usefixtures("by_mail_only")
def test_what_was_refused_goes_out_with_the_rest_in_one_digest(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    make("first", 7, hanako)
    make("second", 9, hanako)
    mailbox.answer = "554 No"
    assert "refused the message (554)" in notify().out
    mailbox.answer = "250 OK"
    notify(now=MORNING + 2 * DAY)
    [mail] = mailbox.mails
    assert names_in(mail) == ["first", "second"]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
@pytest.mark.usefixtures("by_webhook_only")
def test_a_webhook_that_does_not_take_it_is_tried_again_next_time(
    status: int, make: Make, receiver: Receiver
) -> None:
    make("bank-api", 7)
    receiver.status, receiver.location = status, f"http://127.0.0.1:{receiver.port}/elsewhere"
    ran = notify()
    assert f"Not delivered to the webhook: the webhook answered {status}." in ran.out
    assert "Digests not delivered: 1." in ran.error
    assert receiver.paths == [SECRET_PATH]
    receiver.status = 204
    assert notify().error == ""
    assert len(receiver.posts) == 2
    assert receiver.keys[0] == receiver.keys[1]
    notify()
    assert len(receiver.posts) == 2


def test_a_webhook_that_fails_keeps_no_mail_back(
    make: Make, hanako: Person, mailbox: Mailbox, receiver: Receiver
) -> None:
    make("bank-api", 7, hanako)
    receiver.status = 500
    notify()
    receiver.status = 200
    notify()
    assert (len(mailbox.mails), len(receiver.posts)) == (1, 2)


@pytest.mark.usefixtures("by_webhook_only")
def test_a_digest_that_may_have_arrived_is_sent_again_as_it_was(
    make: Make, receiver: Receiver
) -> None:
    make("first", 7)
    make("second", 9)
    receiver.status = 503
    notify()
    receiver.status = 200
    notify(now=MORNING + 2 * DAY)
    # As it was, save for what is nearer by now: that is a notice of its own.
    told = [names_in(text) for text in receiver.texts]
    assert told == [["first", "second"], ["first"], ["second"]]
    assert receiver.keys[0] == receiver.keys[1] != receiver.keys[2]


@pytest.mark.usefixtures("by_webhook_only")
def test_digests_do_not_pile_up_while_nothing_is_taken(make: Make, receiver: Receiver) -> None:
    make("first", 7)
    receiver.status = 503
    notify()
    for name in ("second", "third"):
        make(name, 7)
        notify()
    receiver.status = 200
    notify()
    told = [sorted(names_in(text)) for text in receiver.texts]
    assert told == [["first"]] * 4 + [["second", "third"]]


@pytest.mark.usefixtures("by_webhook_only")
def test_what_went_meanwhile_is_left_out_and_not_counted_as_told(
    make: Make, receiver: Receiver, truth: SecretManagerClient
) -> None:
    make("stays", 7)
    moved = make("moved", 7)
    receiver.status = 503
    notify()
    truth.update_secret(ORGANIZATION_ID, moved.id, expired_at=at(300))
    receiver.status = 200
    notify()
    truth.update_secret(ORGANIZATION_ID, moved.id, expired_at=at(7))
    notify()
    told = [names_in(text) for text in receiver.texts]
    assert told == [["moved", "stays"], ["stays"], ["moved"]]


def test_servers_that_are_not_there_are_named_as_what_failed(
    make: Make, hanako: Person, config: Any, configure: Configure
) -> None:
    make("bank-api", 7, hanako)
    nobody = f"http://127.0.0.1:1{SECRET_PATH}"
    configure(mail_server=type(config.mail_server)(host="127.0.0.1", port=1), webhook_url=nobody)
    ran = notify()
    assert "the mail server cannot be reached" in ran.out
    assert "the webhook cannot be reached" in ran.out
    assert not Notice.objects.exists()


def test_secrets_that_cannot_be_read_end_it(
    make: Make, mailbox: Mailbox, configure: Configure, credential: Any
) -> None:
    make("bank-api", 7)
    configure(credential=type(credential).personal("user-1410000000001", "another-token"))
    assert notify().error == "The secrets cannot be read (NotAuthenticated). Nothing was sent."
    assert mailbox.mails == []


def test_a_list_that_cannot_be_read_whole_is_told_as_far_as_it_goes(
    make: Make, hanako: Person, mailbox: Mailbox
) -> None:
    make("bank-api", 7, hanako)
    emulator.Secret.objects.create(
        id="not an id", organization_id=ORGANIZATION_ID, user_id="1", name="lost", expired_at=at(7)
    )
    ran = notify()
    assert ran.error == "Not all secrets could be read. The next run tries again."
    assert [names_in(mail) for mail in mailbox.mails] == [["bank-api"]]


def test_a_database_that_fails_is_told_in_one_sentence(
    make: Make, hanako: Person, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **named: Any) -> None:
        raise DatabaseError("disk full: canary")

    make("bank-api", 7, hanako)
    monkeypatch.setattr(ledger, "claim", fail)
    assert notify().error == "The database failed; the next run goes on."
    assert mailbox.mails == []
    assert outcomes("notices.sent") == ["attempted", "unknown"]


@pytest.mark.parametrize("name", ["NOTIFY_USER_ID", "EMAIL_URL or NOTIFY_WEBHOOK_URL"])
def test_what_is_missing_is_named(name: str, configure: Configure) -> None:
    configure(missing=name)
    assert notify().error.startswith(f"{name} is needed")


# What is recorded, and what is not


def test_a_run_is_recorded_before_and_after(
    make: Make, hanako: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("bank-api", 7, hanako)
    recorded: list[str] = []
    post = webhook.post

    def watched(*arguments: Any, **named: Any) -> None:
        recorded.extend(outcomes("notices.sent"))
        post(*arguments, **named)

    monkeypatch.setattr(webhook, "post", watched)
    notify()
    assert recorded == ["attempted"]
    assert outcomes("notices.sent") == ["attempted", "ok"]
    event = Event.objects.get(outcome="ok")
    assert event.actor == "notify_expiring"
    assert event.detail == "notices: 2, digests: 2, failed: 0"
    assert (event.organization_id, event.api_identity) == (ORGANIZATION_ID, "user-1410000000001")


def test_a_run_in_which_something_failed_is_not_recorded_as_ok(
    make: Make, hanako: Person, receiver: Receiver
) -> None:
    make("bank-api", 7, hanako)
    receiver.status = 500
    notify()
    assert outcomes("notices.sent") == ["attempted", "unknown"]
    assert Event.objects.get(outcome="unknown").detail == "notices: 1, digests: 1, failed: 1"


def test_nothing_is_sent_where_the_trail_cannot_record(
    make: Make,
    hanako: Person,
    mailbox: Mailbox,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make("bank-api", 7, hanako)
    break_trail(monkeypatch)
    ran = notify()
    assert ran.error == "This cannot be recorded in the audit trail. Nothing was sent."
    assert (mailbox.mails, receiver.posts) == ([], [])
    assert not Notice.objects.exists()


def test_no_value_credential_or_address_is_told(
    make: Make,
    hanako: Person,
    mailbox: Mailbox,
    receiver: Receiver,
    credential: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture,
    configure: Configure,
) -> None:
    caplog.set_level("DEBUG")
    make("bank-api", 7, hanako)
    make("other", 7)
    mailbox.refused = {"hanako@example.com"}
    receiver.status = 500
    ran = notify()
    mailbox.refused, receiver.status = set(), 200
    again = notify()
    configure(webhook_url=f"http://127.0.0.1:1{SECRET_PATH}")
    make("third", 7)
    third = notify()
    said = "".join(
        [
            *(each.out + each.error for each in (ran, again, third)),
            caplog.text,
            *capsys.readouterr(),
        ]
    )
    assert "Not delivered" in said
    for hidden in (VALUE, credential.secret, "hookCanary", "hanako@example.com", TEAM, "bank-api"):
        assert hidden not in said
    sent = [mail.as_string() for mail in mailbox.mails] + receiver.texts
    assert not any(VALUE in text or credential.secret in text for text in sent)
    assert "hookCanary" not in repr(Event.objects.values_list()) + repr(
        Notice.objects.values_list()
    )
