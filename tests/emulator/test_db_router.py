import pytest
from django.apps import apps
from django.db import connections, router

pytestmark = [pytest.mark.django_db(databases=["default", "emulator"]), pytest.mark.storage]


def tables(alias: str) -> set[str]:
    return set(connections[alias].introspection.table_names()) - {"django_migrations"}


def test_the_emulators_tables_are_in_its_database_and_no_others() -> None:
    ours = {model._meta.db_table for model in apps.get_app_config("emulator").get_models()}
    assert tables("emulator") == ours
    assert not tables("default") & ours
    assert tables("default")


def test_each_model_is_read_and_written_where_it_lives() -> None:
    for model in apps.get_models(include_auto_created=True):
        alias = "emulator" if model._meta.app_label == "emulator" else "default"
        assert router.db_for_read(model) == alias
        assert router.db_for_write(model) == alias
