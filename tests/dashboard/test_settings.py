import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.product_settings import settings_with
from tests.services.dashboard import PROJECT, environment_for

PLATFORM = "https://api.abeja.io"


def check(state_dir: Path, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT,
        env=environment_for(state_dir, **variables),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    made = {file.name for file in tmp_path.iterdir()}
    assert {"secret_key.txt", "credential_keys.txt", "emulator_keys.txt"} <= made


def test_a_bad_value_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    done = check(tmp_path, DATABASE_URL="postgres://owner:pa55word@db:port/dashboard")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Not started: DATABASE_URL")
    assert "pa55word" not in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SECRET_KEY", "too short"),
        ("CREDENTIAL_KEYS", "not-a-key"),
        ("EMULATOR_KEYS", "not-a-key"),
        ("AUTH_MODE", "none"),
        ("AUTH_MODE", "LOCAL"),
        ("HTTPS", "perhaps"),
        ("DEMO", "perhaps"),
        ("LOG_LEVEL", "DEBUG"),
        ("TIME_ZONE", "Mars/Base"),
        ("THREADS", "7"),
        ("THREADS", "257"),
        ("THREADS", "many"),
        ("DATABASE_URL", "mysql://owner:pa55word@db/dashboard"),
        ("EMULATOR_DATABASE_URL", "nonsense"),
        ("CACHE_URL", "memcached://owner:pa55word@cache"),
        ("CACHE_URL", "redis://[owner:pa55word"),
        ("SECRET_MANAGER_URL", "api.abeja.io"),
        ("SECRET_MANAGER_URL", "EMBEDDED"),
        ("SECRET_MANAGER_URL", "http://api.abeja.io"),
        ("SECRET_MANAGER_URL", "http://localhost.example.com"),
        ("SECRET_MANAGER_URL", "http://127.0.0.1@example.com"),
        ("SECRET_MANAGER_URL", "ftp://127.0.0.1"),
        ("SECRET_MANAGER_URL", "https://"),
        ("SECRET_MANAGER_URL", "https://pa55word@api.abeja.io"),
        ("SECRET_MANAGER_URL", "https://owner:pa55word@api.abeja.io"),
        ("SECRET_MANAGER_URL", "https://api.abeja.io?token=pa55word"),
        ("SECRET_MANAGER_URL", "https://api.abeja.io#pa55word"),
        ("SECRET_MANAGER_URL", "https://[::1"),
        ("SECRET_MANAGER_URL", "https://api.abeja.io:port"),
    ],
)
def test_each_variable_refuses_what_it_cannot_hold(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(tmp_path, **{name: text})
    sentence = str(refused.value)
    assert name in sentence
    assert "pa55word" not in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("address", ["http://127.0.0.1:9000", "http://[::1]:9000", PLATFORM])
def test_the_api_is_reached_over_https_or_on_this_machine(address: str, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, SECRET_MANAGER_URL=address)
    assert settings["SECRET_MANAGER_URL"] == address
    assert settings["SECRET_MANAGER_ADAPTER"] is None


def test_the_emulator_is_left_out_where_another_api_is_used(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, SECRET_MANAGER_URL=PLATFORM)
    assert "emulator" not in settings["INSTALLED_APPS"]
    assert list(settings["DATABASES"]) == ["default"]
    assert settings["EMULATOR_KEYS"] == []
    assert not (tmp_path / "emulator_keys.txt").exists()


def test_the_demonstration_is_never_served_in_earnest(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="DEMO=on"):
        settings_with(tmp_path, DEMO="on", HTTPS="on")
    with pytest.raises(ImproperlyConfigured, match="DEMO=on"):
        settings_with(tmp_path, DEMO="on", HTTPS="")


def test_only_the_demonstration_fills_in_a_connection(tmp_path: Path) -> None:
    (tmp_path / "demo_token.txt").write_text("a demo token\n")
    assert settings_with(tmp_path)["DEMO_CONNECTION"] == {}
    filled_in = settings_with(tmp_path, DEMO="on")["DEMO_CONNECTION"]
    assert filled_in["personal_access_token"] == "a demo token"
    assert filled_in["organization_id"] == "1410000000000"


def test_without_a_word_about_https_everything_is_https(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, HTTPS="")
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        assert settings[name] is True
    assert settings["SECURE_HSTS_SECONDS"] == 365 * 24 * 60 * 60


@pytest.mark.parametrize("variables", [{}, {"DEBUG": "1"}, {"DJANGO_DEBUG": "on", "DEMO": "on"}])
def test_nothing_turns_debug_on(variables: dict[str, str], tmp_path: Path) -> None:
    assert settings_with(tmp_path, **variables)["DEBUG"] is False


def test_redis_is_read_as_json_and_may_fail(tmp_path: Path) -> None:
    cache = settings_with(tmp_path, CACHE_URL="redis://127.0.0.1:1/0")["CACHES"]["default"]
    assert cache["OPTIONS"]["SERIALIZER"] == "django_redis.serializers.json.JSONSerializer"
    assert cache["OPTIONS"]["IGNORE_EXCEPTIONS"] is True
    assert cache["OPTIONS"]["SOCKET_CONNECT_TIMEOUT"] <= 0.25


def test_postgresql_is_pooled_and_sqlite_takes_turns(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, DATABASE_URL="postgresql://owner@db/dashboard")
    assert settings["DATABASES"]["default"]["OPTIONS"]["pool"] is True
    assert settings["DATABASES"]["emulator"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in settings["DATABASES"]["emulator"]["OPTIONS"]["init_command"]


@pytest.mark.parametrize("folder", ["a#b", "a b?c", "100%25"])
def test_the_database_is_in_the_state_folder_whatever_its_name(folder: str, tmp_path: Path) -> None:
    settings = settings_with(tmp_path / folder)
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / folder / "dashboard.sqlite3")


@pytest.mark.parametrize(("text", "threads"), [("", 32), ("8", 8), ("256", 256)])
def test_the_settings_know_how_many_threads_serve(text: str, threads: int, tmp_path: Path) -> None:
    assert settings_with(tmp_path, THREADS=text)["THREADS"] == threads


def test_every_cookie_of_ours_has_the_prefix_that_no_other_host_can_use(tmp_path: Path) -> None:
    assert settings_with(tmp_path, HTTPS="on")["COOKIE_PREFIX"] == "__Host-"
    assert settings_with(tmp_path, HTTPS="off")["COOKIE_PREFIX"] == ""


@pytest.mark.parametrize("hosts", ["*", "*.example.com", "secrets.example.com,*"])
def test_hosts_are_named_one_by_one(tmp_path: Path, hosts: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        settings_with(tmp_path, ALLOWED_HOSTS=hosts)
