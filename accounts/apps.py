from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import backends, checks, entry  # noqa: F401 - the checks register themselves
        from accounts.proxy import checks as proxy_checks  # noqa: F401

        backends.forget_copies_of_changed_people()
        user_logged_in.connect(entry.start_counting, dispatch_uid="accounts.start_counting")
