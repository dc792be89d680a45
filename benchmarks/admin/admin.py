from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from benchmarks.admin.models import FlatSecret, Secret, Version


@admin.register(Secret)
class SecretAdmin(admin.ModelAdmin):
    """The page that does what the dashboard's list does: its columns, what it searches, its filters."""

    list_display = (
        "name",
        "description",
        "versions_on",
        "expired_at",
        "value_at",
        "app_count",
        "updated_at",
    )
    search_fields = (
        "name",
        "description",
        "id",
        "user_id",
        "apps__id",
        "note__owner",
        "note__how_to_renew",
        "note__labels__name",
    )
    list_filter = ("versions__status", "expired_at", "apps", "user_id", "note__labels")
    ordering = ("name",)
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Secret]:
        return super().get_queryset(request).prefetch_related("versions", "apps")

    def versions_on(self, secret: Secret) -> int:
        return len(_on(secret))

    def value_at(self, secret: Secret) -> datetime | None:
        return max((version.created_at for version in _on(secret)), default=None)

    def app_count(self, secret: Secret) -> int:
        return len(secret.apps.all())


def _on(secret: Secret) -> list[Version]:
    return [version for version in secret.versions.all() if version.status == "active"]


@admin.register(FlatSecret)
class FlatSecretAdmin(admin.ModelAdmin):
    """The least that could be called the same: one table, no filters, and no notes to search."""

    list_display = (
        "name",
        "description",
        "is_on",
        "expired_at",
        "value_at",
        "app_ids",
        "updated_at",
    )
    search_fields = ("name", "description", "id", "user_id", "app_ids")
    ordering = ("name",)
    list_per_page = 50
