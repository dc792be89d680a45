"""Where one can jump: secrets first, then pages and acts, only what the role may."""

import pytest

from accounts.roles import CAPABILITIES, Role
from secrets_ui.catalog.snapshot import Snapshot
from secrets_ui.jump import MOST_SECRETS, Target, targets
from secrets_ui.models import SavedView
from tests.secrets_ui.catalog.support import a_summary

LIST = "/organizations/1410000000000/secrets/"
SNAPSHOT = Snapshot(
    [a_summary(number, name=f"aws-key-{number}", description="For AWS") for number in range(20)]
)
VIEW = SavedView(
    pk=1, person_id=1, organization_id="1410000000000", name="Rotate soon", query="expiry=30"
)


def jumps(query: str, role: str = Role.ADMINISTRATOR, **facts: object) -> list[Target]:
    known = {"snapshot": SNAPSHOT, "notes": {}, "views": [VIEW], **facts}
    return targets(query, organization_id="1410000000000", may=CAPABILITIES[role], **known)  # type: ignore[arg-type]


def labels(found: list[Target]) -> list[str]:
    return ["".join(text for text, _is_match in each.pieces) for each in found]


def test_without_a_word_it_offers_pages_and_saved_views() -> None:
    found = jumps("")
    assert {"Overview", "All secrets", "New secret", "Audit trail", "Rotate soon"} <= set(
        labels(found)
    )
    assert not any("aws" in label for label in labels(found))


def test_nothing_is_offered_twice() -> None:
    found = jumps("")
    assert len({each.url for each in found}) == len(set(labels(found))) == len(found)


def test_secrets_come_first_and_only_some() -> None:
    found = jumps("aws")
    assert len([each for each in found if each.icon == "lock-closed"]) == MOST_SECRETS
    assert found[0].url == f"{LIST}0/"
    assert ("aws", True) in found[0].pieces


def test_acts_are_on_the_secret_that_fits_best() -> None:
    assert [each.url for each in jumps("aws-key-7")[-2:]] == [
        f"{LIST}7/versions/new/",
        f"{LIST}7/edit/",
    ]


def test_pages_and_saved_views_are_found_by_their_words() -> None:
    assert [each.url for each in jumps("rotate")] == [f"{LIST}?expiry=30"]
    assert labels(jumps("new sec"))[0] == "New secret"


def test_what_is_written_in_notes_is_found() -> None:
    assert jumps("needle", notes={"3": "needle"})[0].url == f"{LIST}3/"


def test_nothing_fits_is_nothing() -> None:
    assert jumps("nothing-like-it-at-all") == []


@pytest.mark.parametrize(
    ("role", "writes", "trail"),
    [(Role.VIEWER, False, False), (Role.OPERATOR, True, False), (Role.ADMINISTRATOR, True, True)],
)
def test_only_what_the_role_may(role: str, writes: bool, trail: bool) -> None:
    urls = [each.url for query in ("", "aws") for each in jumps(query, role)]
    assert any(url.endswith(("/new/", "/edit/", "/create/")) for url in urls) == writes
    assert ("New secret" in labels(jumps("", role))) == writes
    assert ("Audit trail" in labels(jumps("", role))) == trail


def test_an_id_cannot_change_an_address() -> None:
    found = jumps("odd", snapshot=Snapshot([a_summary(1, name="odd")._replace(id="../x?a#b")]))
    assert found[0].url == f"{LIST}..%2Fx%3Fa%23b/"


def test_a_secret_without_a_name_is_called_by_its_id() -> None:
    found = jumps("99001", snapshot=Snapshot([a_summary(99001, name="\u200b")]))
    assert labels(found)[0] == "99001"
