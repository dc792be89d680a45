from django.contrib import admin

from benchmarks.admin.models import Secret


@admin.register(Secret)
class SecretAdmin(admin.ModelAdmin):
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
