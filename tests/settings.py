"""The product's settings, with state in a folder that goes away and nothing of the machine's own."""

import atexit
import os
import shutil
import tempfile

_state = tempfile.mkdtemp(prefix="secrets-dashboard-tests-")
atexit.register(shutil.rmtree, _state, ignore_errors=True)
os.environ["STATE_DIR"] = _state
os.environ["HTTPS"] = "off"
for _name in (
    *("SECRET_KEY", "CREDENTIAL_KEYS", "EMULATOR_KEYS", "AUDIT_KEYS", "AUDIT_ANCHOR_FILE"),
    *("SECRET_MANAGER_URL", "TIME_ZONE"),
):
    os.environ.pop(_name, None)

from dashboard.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Empty, but there: whitenoise warns where it is not, and nothing has to be collected before a test.
STATIC_ROOT = f"{_state}/static"
os.mkdir(STATIC_ROOT)
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]  # noqa: F405
