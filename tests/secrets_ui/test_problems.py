from collections.abc import Iterator

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from secret_manager import (
    Conflict,
    ConnectFailed,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    SecretManagerError,
    UpstreamFailed,
)
from secrets_ui.problems import explain, name_is_taken

HOSTILE = "<script>alert(1)</script> %s %(a)s {{ 1 }}"


def tree(kind: type[SecretManagerError] = SecretManagerError) -> Iterator[type[SecretManagerError]]:
    """Every error there is, the ones of tomorrow included."""
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


ALL = list(dict.fromkeys(tree()))


def test_the_whole_tree_is_looked_at() -> None:
    assert len(ALL) >= 12
    assert {ConnectFailed, OutcomeUnknown, RateLimited, UpstreamFailed} < set(ALL)


@pytest.mark.parametrize("may_have_happened", [True, False])
@pytest.mark.parametrize("kind", ALL)
def test_every_error_is_told_with_what_to_do_next(
    kind: type[SecretManagerError], may_have_happened: bool
) -> None:
    problem = explain(kind("", request_id="req-1", write_may_have_happened=may_have_happened))
    assert problem.title
    assert problem.advice.endswith(".")
    assert 400 <= problem.status <= 599
    assert problem.reference == "req-1"
    assert problem.needs_connection == (kind is NotAuthenticated)


@pytest.mark.parametrize("kind", ALL)
def test_a_write_that_may_have_happened_is_never_told_as_failed(
    kind: type[SecretManagerError],
) -> None:
    problem = explain(kind(write_may_have_happened=True))
    assert problem.title == "We do not know whether this was saved"
    assert "only if it is not there" in problem.advice
    assert problem.status == 504


@pytest.mark.parametrize("kind", [NotReached, OutcomeUnknown, UpstreamFailed, SecretManagerError])
def test_a_read_that_failed_says_nothing_about_saving(kind: type[SecretManagerError]) -> None:
    problem = explain(kind(write_may_have_happened=False))
    assert "saved" not in problem.title + problem.advice


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ConnectFailed(), 502, "cannot be reached"),
        (OutcomeUnknown(write_may_have_happened=False), 504, "in time"),
        (NotAuthenticated(), 403, "did not accept your credential"),
        (NotAllowed(), 403, "does not allow"),
        (NotFound(), 404, "not there any more"),
        (Conflict(), 409, "conflicts"),
        (InvalidInput(), 422, "did not accept what was sent"),
        (RateLimited(), 503, "slow down"),
        (UpstreamFailed(), 502, "cannot use"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_each_error_is_told_in_its_own_words(
    error: SecretManagerError, status: int, words: str
) -> None:
    problem = explain(error)
    assert problem.status == status
    assert words in problem.title


@pytest.mark.parametrize(
    ("retry_after", "seconds", "words"),
    [
        (None, None, "in a minute"),
        (0, 1, "in 1 second."),
        (0.2, 1, "in 1 second."),
        (1.5, 2, "in 2 seconds."),
        (60, 60, "in 60 seconds."),
    ],
)
def test_a_time_to_wait_is_told_in_whole_seconds(
    retry_after: float | None, seconds: int | None, words: str
) -> None:
    problem = explain(RateLimited(retry_after=retry_after))
    assert problem.retry_after == seconds
    assert words in problem.advice


@pytest.mark.parametrize("kind", ALL)
def test_what_the_api_says_is_shown_as_text(kind: type[SecretManagerError]) -> None:
    problem = explain(kind(HOSTILE, code=HOSTILE[:20], write_may_have_happened=False))
    context = {"problem": problem, "request": RequestFactory().get("/")}
    for template in ("includes/form_problem.html", "problem.html#problem-toast", "problem.html"):
        page = render_to_string(template, context)
        assert "<script>alert" not in page
        assert problem.title.split(" ")[0] in page


@pytest.mark.parametrize("kind", [Conflict, InvalidInput])
def test_the_apis_own_words_are_passed_on_where_they_help(kind: type[SecretManagerError]) -> None:
    assert explain(kind(HOSTILE)).advice == HOSTILE


@pytest.mark.parametrize("kind", [NotAllowed, NotAuthenticated, NotFound, UpstreamFailed])
def test_elsewhere_the_apis_words_stay_out(kind: type[SecretManagerError]) -> None:
    problem = explain(kind(HOSTILE))
    assert "alert" not in problem.title + problem.advice


@pytest.mark.parametrize(
    ("error", "taken"),
    [
        (Conflict(), True),
        (InvalidInput("A secret with this name already exists."), True),
        (InvalidInput("Duplicate entry"), True),
        (InvalidInput(code="already_exists"), True),
        (InvalidInput("name must be unique"), True),
        (InvalidInput("The app does not exist."), False),
        (InvalidInput("No existing app has this id."), False),
        (InvalidInput("name is too long"), False),
        (InvalidInput(), False),
        (NotFound("already deleted"), False),
        (UpstreamFailed("already exists"), False),
    ],
)
def test_a_taken_name_is_told_from_other_refusals(error: SecretManagerError, taken: bool) -> None:
    assert name_is_taken(error) is taken
