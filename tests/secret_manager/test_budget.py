"""Retries do not make an outage worse."""

import threading

import pytest

from secret_manager import SecretManagerClient, SecretManagerError, Transport
from secret_manager.breaker import Breaker
from secret_manager.budget import RetryBudget

from .helpers import ROOT, SECRET, SECRET_DOCUMENT, failure_of


def granted(budget, wanted):
    return sum(budget.withdraw() for _ in range(wanted))


def test_a_burst_is_granted_before_any_call():
    assert granted(RetryBudget(burst=3), 10) == 3


def test_ten_calls_earn_one_retry():
    budget = RetryBudget(share=0.125, burst=1)
    granted(budget, 1)
    for _ in range(7):
        budget.deposit()
    assert granted(budget, 5) == 0
    budget.deposit()
    assert granted(budget, 5) == 1


def test_calm_times_save_up_no_more_than_the_burst():
    budget = RetryBudget(burst=2)
    for _ in range(1000):
        budget.deposit()
    assert granted(budget, 100) == 2


def test_no_retry_is_granted_twice_to_threads_that_ask_at_once():
    budget = RetryBudget(burst=500)
    together = threading.Barrier(8)
    counts = []

    def ask():
        together.wait(10)
        counts.append(granted(budget, 200))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(counts) == 500


@pytest.mark.parametrize("burst", [1, 10])
def test_a_brown_out_of_a_hundred_reads_is_not_amplified(api, pauses, burst):
    api.get(SECRET, status=503)
    transport = Transport(
        ROOT,
        # It would end this brown-out before the budget is needed.
        breaker=Breaker(window=1000, minimum=1000),
        budget=RetryBudget(burst=burst),
        clock=pauses.clock,
        sleep=pauses.sleep,
    )
    for _ in range(100):
        failure_of(
            lambda: SecretManagerClient(transport=transport).get_secret("10", "20"),
            SecretManagerError,
        )
    assert 100 < len(api.calls) <= 110 + burst


def test_the_error_of_a_retry_that_was_not_granted_is_the_apis(api, pauses):
    api.get(SECRET, status=503)
    transport = Transport(ROOT, budget=RetryBudget(burst=0), sleep=pauses.sleep)
    client = SecretManagerClient(transport=transport)
    failure = failure_of(lambda: client.get_secret("10", "20"), SecretManagerError)
    assert (failure.status, len(api.calls), pauses.taken) == (503, 1, [])


def test_calls_that_end_well_pay_for_the_retries_of_others(api, pauses):
    transport = Transport(ROOT, budget=RetryBudget(share=0.5, burst=1), sleep=pauses.sleep)
    client = SecretManagerClient(transport=transport)
    transport.budget.withdraw()
    api.get(SECRET, json=SECRET_DOCUMENT)
    client.get_secret("10", "20")
    api.reset()
    api.get(SECRET, status=503)
    failure_of(lambda: client.get_secret("10", "20"))
    assert len(api.calls) == 2


@pytest.mark.parametrize("options", [{"share": -0.1}, {"share": 1.1}, {"burst": -1}])
def test_numbers_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="burst"):
        RetryBudget(**options)
