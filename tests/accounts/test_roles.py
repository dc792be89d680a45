import pytest

from accounts.context import May
from accounts.identity import Identity
from accounts.roles import (
    Capability,
    Role,
    capabilities_of,
    parse_role_map,
    role_for,
    roles_with,
)

ALLOWED = {
    Role.VIEWER: {"read"},
    Role.OPERATOR: {"read", "write", "reveal"},
    Role.MANAGER: {"read", "write", "reveal", "delete", "export", "import"},
    Role.AUDITOR: {"trail"},
    Role.ADMINISTRATOR: {
        *("read", "write", "reveal", "delete", "export", "import"),
        *("trail", "people"),
    },
}


def who(*groups: str, email: str = "", subject: str = "7") -> Identity:
    return Identity(
        issuer="https://sso.example.com", subject=subject, name="花子", groups=groups, email=email
    )


@pytest.mark.parametrize("role", Role)
def test_each_role_allows_exactly_what_the_page_of_people_says(role: Role) -> None:
    assert capabilities_of(role) == ALLOWED[role]


@pytest.mark.parametrize("role", ["", "root", "Viewer", "administrator ", "people"])
def test_what_is_no_role_allows_nothing(role: str) -> None:
    assert capabilities_of(role) == frozenset()


def test_who_could_do_it_is_told_by_role() -> None:
    assert roles_with(Capability.DELETE) == [Role.MANAGER, Role.ADMINISTRATOR]
    assert roles_with(Capability.TRAIL) == [Role.AUDITOR, Role.ADMINISTRATOR]


def test_templates_ask_by_name() -> None:
    may = May(capabilities_of(Role.OPERATOR))
    assert may.write
    assert not may.import_
    assert May(capabilities_of(Role.MANAGER)).import_
    with pytest.raises(AttributeError):
        may.everything  # noqa: B018 - a name that is no capability is a mistake in a template


# ROLE_MAP


@pytest.mark.parametrize(
    ("role_map", "identity", "role"),
    [
        ("staff=viewer", who("staff"), "viewer"),
        ("staff=viewer", who("guests"), ""),
        ("staff=viewer", who(), ""),
        ("", who("staff"), ""),
        ("staff=viewer; boss=manager", who("boss", "staff"), "viewer"),
        ("boss=manager; staff=viewer", who("staff", "boss"), "manager"),
        ("staff=viewer; *=auditor", who("guests"), "auditor"),
        ("*=auditor; staff=manager", who("staff"), "auditor"),
        (" staff = viewer ;; ", who("staff"), "viewer"),
        ("cn=admins,dc=example,dc=com=manager", who("cn=admins,dc=example,dc=com"), "manager"),
        ("email:Hanako@Example.com=manager", who(email="hanako@example.COM"), "manager"),
        ("subject:ab=c=manager", who(subject="ab=c"), "manager"),
        ("部門=viewer", who("部門"), "viewer"),
    ],
)
def test_the_first_entry_that_fits_decides(role_map: str, identity: Identity, role: str) -> None:
    assert role_for(identity, parse_role_map(role_map)) == role


@pytest.mark.parametrize(
    ("role_map", "identity"),
    [
        ("staff=viewer", who("Staff")),
        ("staff=viewer", who("staff ")),
        ("staff=viewer", who("sta")),
        ("staff=viewer", who(subject="staff")),
        ("staff=viewer", who(email="staff")),
        ("email:boss@example.com=manager", who("email:boss@example.com", "boss@example.com")),
        ("email:boss@example.com=manager", who(subject="boss@example.com")),
        ("email:boss@example.com=manager", who(email="")),
        ("email:boss@example.com=manager", who(email="boss@example.com.evil.example")),
        ("subject:boss=manager", who("subject:boss", "boss")),
        ("subject:boss=manager", who(subject="Boss")),
        ("subject:boss=manager", who(subject="subject:boss")),
    ],
)
def test_nobody_gets_a_role_by_looking_like_an_entry(role_map: str, identity: Identity) -> None:
    assert role_for(identity, parse_role_map(role_map)) == ""


@pytest.mark.parametrize(
    "entry",
    [
        *("staff", "staff=", "=viewer", "staff=root", "staff=Viewer", "staff:viewer"),
        *("email:=viewer", "subject:=viewer", "email: =viewer", "=", "staff=viewer=", "a=viewer,b"),
    ],
)
def test_an_entry_that_cannot_be_read_is_refused_without_naming_anybody(entry: str) -> None:
    with pytest.raises(ValueError, match="entry 2 must be group=role") as refused:
        parse_role_map(f"*=viewer; {entry}")
    assert "staff" not in str(refused.value)
