from django.apps import AppConfig


class EmulatorConfig(AppConfig):
    name = "emulator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from emulator import checks  # noqa: F401  (importing registers them)
