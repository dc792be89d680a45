"""gunicorn as it is started in earnest: what it serves, what it writes, when it refuses to start."""

import base64
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.services.dashboard import (
    PROJECT,
    RunningDashboard,
    environment_for,
    manage,
    running_dashboard,
)
from tests.services.processes import STOP_SECONDS, free_port, running, wait_until
from tests.services.storage import running_redis

ORGANIZATION = "1410000000123"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDashboard]:
    folder = tmp_path_factory.mktemp("served")
    env = {"ALLOWED_HOSTS": "secrets.example.test,127.0.0.1", "HOME": str(folder)}
    with running_dashboard(folder, env=env) as dashboard:
        yield dashboard


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def refusal(state_dir: Path, **settings: str) -> str:
    """Start gunicorn, expect it to end by itself, and return what it said about that."""
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "dashboard.wsgi"],
        cwd=PROJECT,
        env=environment_for(state_dir, **{"PORT": str(free_port()), **settings}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("Not started: ")]
    assert len(sentences) == 1, done.stderr
    return sentences[0]


def test_the_log_has_paths_but_no_query_string_and_no_forged_line(served: RunningDashboard) -> None:
    requests.get(f"{served.url}/accounts/sign-in/?next=/marked-query", timeout=10)
    requests.get(f"{served.url}/missing%0Aforged-line?marked-query", timeout=10)
    # gunicorn writes its line after the answer has left.
    wait_until(lambda: "GET /missing%0Aforged-line " in served.log.read_text())
    log = served.log.read_text()
    assert "GET /accounts/sign-in/ 200" in log
    assert "marked-query" not in log


def test_a_header_that_could_pass_for_another_is_refused(served: RunningDashboard) -> None:
    forged = requests.get(f"{served.url}/livez", headers={"X_Forwarded_Proto": "x"}, timeout=10)
    assert forged.status_code == 400


def test_only_the_trusted_header_makes_a_request_https(tmp_path: Path) -> None:
    with running_dashboard(tmp_path, env={"HTTPS": "on"}) as dashboard:
        url = f"{dashboard.url}/accounts/sign-in/"
        answers = {
            name: requests.get(url, headers={name: value}, allow_redirects=False, timeout=10)
            for name, value in (
                ("X-Forwarded-Proto", "https"),
                ("X-Forwarded-Ssl", "on"),
                ("Accept", "text/html"),
            )
        }
    statuses = {name: answer.status_code for name, answer in answers.items()}
    assert statuses == {"X-Forwarded-Proto": 200, "X-Forwarded-Ssl": 301, "Accept": 301}


def test_no_control_socket_is_opened(served: RunningDashboard) -> None:
    home = Path(served.environment["HOME"])
    assert list(home.rglob("*.ctl")) == []


def test_the_health_check_of_the_image_passes_and_fails(served: RunningDashboard) -> None:
    command = [sys.executable, PROJECT / "scripts" / "healthcheck.py"]
    assert subprocess.run(command, env=served.environment, timeout=30).returncode == 0
    nobody = {**served.environment, "PORT": str(free_port())}
    assert subprocess.run(command, env=nobody, capture_output=True, timeout=30).returncode == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("CREDENTIAL_KEYS", "not base64"),
        ("EMULATOR_KEYS", "c2hvcnQ="),
        ("AUTH_MODE", "magic"),
        ("SECRET_MANAGER_URL", "http://api.example.test"),
        ("DATABASE_URL", "mysql://example.test/db"),
        ("CACHE_URL", "memcached://example.test"),
        ("HTTPS", "perhaps"),
        ("PORT", "http"),
        ("THREADS", "7"),
        ("TIME_ZONE", "Nowhere/Land"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_sentence_that_names_it(
    tmp_path: Path, name: str, value: str
) -> None:
    sentence = refusal(tmp_path, **{name: value})
    assert name in sentence
    assert value not in sentence.replace(name, "")


def test_several_workers_without_a_shared_cache_are_refused(tmp_path: Path) -> None:
    assert "CACHE_URL" in refusal(tmp_path, WEB_CONCURRENCY="2")


def test_several_workers_with_redis_serve(tmp_path: Path) -> None:
    with running_redis() as cache_url:
        env = {"WEB_CONCURRENCY": "2", "CACHE_URL": cache_url}
        with running_dashboard(tmp_path, env=env) as dashboard:
            assert dashboard.log.read_text().count("Booting worker") == 2
            assert requests.get(f"{dashboard.url}/readyz", timeout=10).status_code == 200


def test_the_wrong_emulator_key_is_refused_and_the_right_one_serves(tmp_path: Path) -> None:
    right = key()
    with running_dashboard(tmp_path, env={"EMULATOR_KEYS": right}) as dashboard:
        dashboard.manage("emulator_organization", "create", "--id", ORGANIZATION)
        arguments = ("create", "--organization", ORGANIZATION)
        token = dashboard.manage("emulator_token", *arguments).strip()
        secrets_url = f"{dashboard.url}/secret-manager/organizations/{ORGANIZATION}/secrets"
        headers = {"Authorization": f"Bearer {token}"}
        body = {"name": "kept", "value": "dmFsdWU="}
        created = requests.post(secrets_url, json=body, headers=headers, timeout=10)
        assert created.status_code == 201
    assert "EMULATOR_KEYS" in refusal(tmp_path / "state", EMULATOR_KEYS=key())
    with running_dashboard(tmp_path, env={"EMULATOR_KEYS": f"{key()},{right}"}) as dashboard:
        secrets_url = f"{dashboard.url}/secret-manager/organizations/{ORGANIZATION}/secrets"
        assert requests.get(secrets_url, headers=headers, timeout=10).json()["secrets"]


def is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_make_run_serves_the_demonstration_keeps_its_data_and_stops_at_ctrl_c(
    tmp_path: Path,
) -> None:
    port, state_dir, log = free_port(), tmp_path / "state", tmp_path / "log"
    token = f"demonstration-token-{secrets.token_hex(8)}"
    environment = environment_for(
        state_dir, PORT=str(port), DEMO_PASSWORD="a-demo-password", DEMO_TOKEN=token
    )
    secrets_url = f"http://127.0.0.1:{port}/secret-manager/organizations/1410000000000/secrets"

    def first_page() -> dict | None:
        try:
            answer = requests.get(
                secrets_url, auth=("user-1410000000001", token), params={"limit": 100}, timeout=10
            )
            return answer.json()
        except requests.RequestException:
            # Once it has stopped, another test's server may have got this port.
            return None

    seen = []
    for _ in range(2):
        with running(
            # What is installed stays as it is: the tests run in it.
            ["make", "--old-file=.venv/runtime", "run"],
            log=log,
            is_ready=lambda: first_page() is not None,
            environment=environment,
            folder=PROJECT,
            new_group=True,
            stop_signal=signal.SIGINT,
        ) as process:
            seen.append([secret["id"] for secret in first_page()["secrets"]])
        assert first_page() is None
        # Who is through is still there until the system has noticed.
        wait_until(lambda group=process.pid: is_gone(group), seconds=STOP_SECONDS)
    assert len(seen[0]) == 100
    assert seen[0] == seen[1]
    printed = log.read_text()
    assert f"http://127.0.0.1:{port}" in printed
    assert "demo" in printed
    assert "a-demo-password" in printed


def test_the_demonstration_account_is_refused_outside_make_run(tmp_path: Path) -> None:
    environment = environment_for(tmp_path)
    manage("migrate", "--verbosity", "0", environment=environment)
    with pytest.raises(RuntimeError, match="DEMO=on"):
        manage("demo_person", environment=environment)
    assert "DEMO" in refusal(tmp_path, DEMO="on", HTTPS="on")
