"""What the dashboard's list and its search know, as tables: `Secret` with all that belongs to it, and
`FlatSecret`, in which each secret is one row.
"""

from django.db import models


class App(models.Model):
    id = models.CharField(primary_key=True, max_length=64)

    def __str__(self) -> str:
        return self.id


class Label(models.Model):
    name = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.name


class Secret(models.Model):
    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(blank=True)
    user_id = models.CharField(max_length=64)
    apps = models.ManyToManyField(App)
    expired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    id = models.CharField(primary_key=True, max_length=64)
    secret = models.ForeignKey(Secret, models.CASCADE, related_name="versions")
    status = models.CharField(max_length=16)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class Note(models.Model):
    secret = models.OneToOneField(Secret, models.CASCADE, related_name="note")
    owner = models.CharField(max_length=150, blank=True)
    how_to_renew = models.TextField(blank=True)
    labels = models.ManyToManyField(Label)

    def __str__(self) -> str:
        return self.owner


class FlatSecret(models.Model):
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
