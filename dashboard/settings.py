"""All settings, read once from the environment. docs/configuration.md explains each variable.

DEBUG has no variable on purpose: its error pages show local variables, and here those hold values.
"""

import os
from pathlib import Path
from urllib.parse import quote

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dashboard import logs
from dashboard.env import (
    env,
    read,
    read_between,
    read_choice,
    read_folder,
    read_keys,
    read_networks,
    read_secret_key,
    read_threads,
    read_time_zone,
    split_address,
)
from dashboard.notify_settings import read_notify_settings
from dashboard.oidc_settings import read_oidc_settings
from dashboard.proxy_settings import read_proxy_settings

BASE_DIR = Path(__file__).resolve().parent.parent
os.umask(0o077)
STATE_DIR = read_folder("STATE_DIR", default=BASE_DIR / "var")

DEBUG = False
SECRET_KEY = read_secret_key("SECRET_KEY", state_dir=STATE_DIR)
CREDENTIAL_KEYS = read_keys("CREDENTIAL_KEYS", state_dir=STATE_DIR)
AUTH_MODE = read_choice(
    "AUTH_MODE",
    default="local",
    choices={
        "local": "accounts kept here",
        "oidc": "sign-in with OpenID Connect",
        "proxy": "a proxy in front says who it is",
    },
)

# Where it is served

ALLOWED_HOSTS = read(env.list, "ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
if any(host.startswith("*") for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must list the names one by one, without *.")
HTTPS = read(env.bool, "HTTPS", True)
DEMO = read(env.bool, "DEMO", False)
if DEMO and HTTPS:
    raise ImproperlyConfigured("DEMO=on is for `make run` on your own machine; take it out here.")
if DEMO and AUTH_MODE != "local":
    raise ImproperlyConfigured("DEMO=on has an account of its own: it needs AUTH_MODE=local.")
THREADS = read_threads()
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
APPEND_SLASH = True
LOG_LEVEL = read_choice("LOG_LEVEL", default="INFO", choices=logs.LEVELS)

# The Secret Manager

SECRET_MANAGER_URL = read(env.str, "SECRET_MANAGER_URL", "embedded")
SECRET_MANAGER_IS_EMBEDDED = SECRET_MANAGER_URL == "embedded"
SECRET_MANAGER_ADAPTER = (
    "dashboard.embedded.EmbeddedAdapter" if SECRET_MANAGER_IS_EMBEDDED else None
)
if not SECRET_MANAGER_IS_EMBEDDED:
    _api = split_address("SECRET_MANAGER_URL", SECRET_MANAGER_URL)
    _is_loopback = _api.hostname in {"127.0.0.1", "::1", "localhost"}
    if not _api.hostname or _api.scheme not in ({"http", "https"} if _is_loopback else {"https"}):
        raise ImproperlyConfigured(
            "SECRET_MANAGER_URL must be 'embedded' or an https:// address such as https://api.abeja.io."
        )
    if _api.username or _api.password or _api.query or _api.fragment:
        raise ImproperlyConfigured(
            "SECRET_MANAGER_URL must be a plain address: no user, query or fragment."
        )
EMULATOR_KEYS = (
    read_keys("EMULATOR_KEYS", state_dir=STATE_DIR) if SECRET_MANAGER_IS_EMBEDDED else []
)

# What `make run` fills into the connect page; empty everywhere else.
DEMO_CONNECTION: dict[str, str] = {}
_demo_token = STATE_DIR / "demo_token.txt"
if DEMO and _demo_token.exists():
    DEMO_CONNECTION = {
        "organization_id": "1410000000000",
        "label": "Example Corp",
        "user_id": "user-1410000000001",
        "personal_access_token": _demo_token.read_text().strip(),
    }

# What it is made of

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "heroicons",
    "template_partials",
    "accounts",
    "audit",
    "secrets_ui",
]
if SECRET_MANAGER_IS_EMBEDDED:
    INSTALLED_APPS += ["emulator"]

MIDDLEWARE = [
    "dashboard.logs.request_id",
    "dashboard.headers.response_headers",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "dashboard.headers.resource_isolation",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *(["accounts.proxied.ProxyIdentityMiddleware"] if AUTH_MODE == "proxy" else []),
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.guard.RoleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.limits.body_limit",
    "secrets_ui.middleware.person_time_zone",
    "secrets_ui.middleware.ApiErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.person",
                "secrets_ui.context.frame",
            ],
        },
    }
]

# Where it keeps things

_SQLITE_OPTIONS = {
    # Readers never wait for a writer, and a writer waits its turn instead of failing half-way.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        " PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;"
    ),
}


def _database(name: str, *, default_file: str) -> dict:
    config = read(env.dj_db_url, name, f"sqlite:///{quote(str(STATE_DIR / default_file))}")
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = _SQLITE_OPTIONS
    elif config["ENGINE"] == "django.db.backends.postgresql":
        config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": True}
        config["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured(f"{name} must start with sqlite:/// or postgresql://.")
    return config


DATABASES = {"default": _database("DATABASE_URL", default_file="dashboard.sqlite3")}
if SECRET_MANAGER_IS_EMBEDDED:
    DATABASES["emulator"] = _database("EMULATOR_DATABASE_URL", default_file="emulator.sqlite3")
    DATABASE_ROUTERS = ["emulator.db_router.EmulatorRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_URL = read(env.str, "CACHE_URL", "")
_CACHE_SCHEMES = {"redis", "rediss", "unix"}
if CACHE_URL and split_address("CACHE_URL", CACHE_URL).scheme not in _CACHE_SCHEMES:
    raise ImproperlyConfigured("CACHE_URL must start with redis://, rediss:// or unix://.")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {
            # Nothing read from the cache is ever unpickled, and a lost Redis is a miss, not a failure.
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.25,
        },
    }
    if CACHE_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # Sessions and people share it with the parts of catalogs, and must not be pushed out by them.
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Frames of pages (`{% cache %}` in the templates): each worker makes them anew in a moment.
    "template_fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "template_fragments",
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}
# How many pages of secrets are asked for at once, and how many secrets a worker keeps ready to search.
CATALOG_WIDTH = read_between("CATALOG_WIDTH", low=1, high=32, default=8)
CATALOG_IN_MEMORY = read_between("CATALOG_IN_MEMORY", low=0, high=1_000_000, default=60_000)

# Who is using it

ROLE_MAP = read(env.str, "ROLE_MAP", "")
SESSION_IDLE_SECONDS = 60 * read_between("SESSION_IDLE_MINUTES", low=5, high=60, default=15)
STEP_UP_MINUTES = read_between("STEP_UP_MINUTES", low=1, high=24 * 60, default=60)
REVEALS_PER_HOUR = read_between("REVEALS_PER_HOUR", low=1, high=10_000, default=60)
# Whose word counts for where a request comes from: the proxies in front.
OUR_PROXIES = read_networks("FORWARDED_ALLOW_IPS", default="127.0.0.1")
PROXY = read_proxy_settings() if AUTH_MODE == "proxy" else None
PROXY_SIGN_OUT_URL = read(env.str, "PROXY_SIGN_OUT_URL", "")

# Only in this mode, and only for the protocol: none of allauth's pages, accounts or backends.
OIDC = read_oidc_settings() if AUTH_MODE == "oidc" else None
if OIDC:
    INSTALLED_APPS += ["allauth.account", "allauth.socialaccount"]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    SOCIALACCOUNT_ADAPTER = "accounts.oidc.adapter.CompanyAdapter"
    SOCIALACCOUNT_ONLY = True
    ACCOUNT_EMAIL_VERIFICATION = "none"

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.backends.CachedPersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 60 * 60 * read_between("SESSION_HOURS", low=1, high=12, default=8)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # Browsers take these names from this very host only: no sibling can plant such a cookie.
    COOKIE_PREFIX = "__Host-"
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}session", f"{COOKIE_PREFIX}csrf"
else:
    COOKIE_PREFIX = ""
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "secrets_ui.views.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# What is recorded

AUDIT_KEYS = read_keys("AUDIT_KEYS", state_dir=STATE_DIR)
AUDIT_ANCHOR_FILE = read(env.str, "AUDIT_ANCHOR_FILE", "")
if AUDIT_ANCHOR_FILE and not Path(AUDIT_ANCHOR_FILE).is_absolute():
    raise ImproperlyConfigured("AUDIT_ANCHOR_FILE must be a whole path, from / on.")

# What is sent to people

NOTIFY = read_notify_settings()

# What a browser may do with a page

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
# Preloading binds a whole domain with all its hosts: for its owner to decide, not for one service.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 10
# What is uploaded stays in memory: there is no handler that would write it to a disk.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Words and times

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = read_time_zone("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

# Files a browser loads

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What it says about itself

LOGGING = logs.configuration(LOG_LEVEL)
DEFAULT_EXCEPTION_REPORTER = "dashboard.error_reports.WithoutWords"
DEFAULT_EXCEPTION_REPORTER_FILTER = "dashboard.error_reports.WithoutData"
