from django.apps import AppConfig


class SecretsUiConfig(AppConfig):
    name = "secrets_ui"
