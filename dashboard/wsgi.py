"""The application that gunicorn serves. It starts only when the system checks find nothing wrong."""

import os
import sys

from django.core.checks import ERROR, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

# gunicorn takes this status for "will never start" and stops, instead of starting another worker.
GIVE_UP = 3


def _stop(sentence: str) -> None:
    print(f"Not started: {sentence}", file=sys.stderr)
    sys.exit(GIVE_UP)


try:
    application = get_wsgi_application()
    from django.db import connections

    for problem in run_checks(databases=list(connections)):
        if problem.is_serious(ERROR):
            _stop(str(problem.msg))
except ImproperlyConfigured as error:
    _stop(str(error))
