"""What the tests of the catalog share."""

from typing import Any

from secret_manager import Secret, Summary, summary_of


def a_summary(number: int = 1, **facts: Any) -> Summary:
    """Return the summary of a secret that says nothing about itself but what is given."""
    plain = Secret(id=f"{number}", organization_id="1", name=f"name{number}")
    return summary_of(plain)._replace(**facts)


def summaries(count: int) -> list[Summary]:
    return [a_summary(number) for number in range(count)]
