from django.db import models


class Secret(models.Model):
    """What the dashboard's list and its search know of a secret."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(blank=True)
    user_id = models.CharField(max_length=64)
    app_ids = models.TextField(blank=True)
    is_on = models.BooleanField()
    expired_at = models.DateTimeField(null=True)
    value_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
