from django.apps import AppConfig


class PeerConfig(AppConfig):
    name = "benchmarks.admin"
    label = "peer"
