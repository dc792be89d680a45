from tests.secrets_ui.conftest import served_databases

__all__ = ["served_databases"]
