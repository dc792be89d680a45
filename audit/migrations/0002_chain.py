from django.db import migrations, models

import audit.models
from audit.chain import GENESIS, Link, mac_of, newest_key_id

AT_ONCE = 1000


def chain_what_is_there(apps, schema_editor):
    """Number the lines without gaps and give each its code; then the chain has a head, once."""
    event_model = apps.get_model("audit", "Event")
    head = GENESIS
    old_number = -(2**62)
    while events := list(
        event_model.objects.filter(sequence__gt=old_number).order_by("sequence")[:AT_ONCE]
    ):
        for event in events:
            old_number = event.sequence
            event.sequence = head.sequence + 1
            event.previous = head.mac
            event.key_id = newest_key_id()
            event.mac = mac_of(event)
            # Never more than the old number, so it is free.
            event_model.objects.filter(sequence=old_number).update(
                sequence=event.sequence,
                previous=event.previous,
                key_id=event.key_id,
                mac=event.mac,
            )
            head = Link(event.sequence, event.mac)
    apps.get_model("audit", "Head").objects.create(id=1, sequence=head.sequence, mac=head.mac)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AlterModelOptions("event", {"base_manager_name": "objects"}),
        migrations.RenameField("event", "id", "sequence"),
        migrations.AlterField(
            "event", "sequence", models.BigIntegerField(primary_key=True, serialize=False)
        ),
        migrations.AlterField("event", "at", models.DateTimeField(db_index=True)),
        migrations.AlterField(
            "event",
            "actor",
            models.CharField(max_length=150, validators=[audit.models.validate_printable]),
        ),
        migrations.AlterField(
            "event", "actor_address", models.GenericIPAddressField(blank=True, null=True)
        ),
        migrations.AlterField(
            "event", "organization_id", models.CharField(blank=True, max_length=64)
        ),
        *(
            migrations.AlterField(
                "event",
                name,
                models.CharField(
                    blank=True,
                    max_length=max_length,
                    validators=[audit.models.validate_printable],
                ),
            )
            for name, max_length in {"api_identity": 80, "secret_name": 255, "detail": 255}.items()
        ),
        migrations.AddField("event", "person_id", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField(
            "event",
            "reason",
            models.CharField(
                blank=True,
                default="",
                max_length=255,
                validators=[audit.models.validate_printable],
            ),
            preserve_default=False,
        ),
        *(
            migrations.AddField(
                "event",
                name,
                models.CharField(default="", max_length=max_length),
                preserve_default=False,
            )
            for name, max_length in {"previous": 64, "mac": 64, "key_id": 16}.items()
        ),
        migrations.AddIndex(
            "event",
            models.Index(fields=["person_id", "at"], name="audit_event_person__3e3a74_idx"),
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["action", "at"], name="audit_event_action_dbd250_idx")
        ),
        migrations.CreateModel(
            "Head",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("mac", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            "Checkpoint",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("mac", models.CharField(max_length=64)),
                ("key_id", models.CharField(max_length=16)),
                ("signature", models.CharField(max_length=64)),
            ],
        ),
        migrations.RunPython(chain_what_is_there, migrations.RunPython.noop),
    ]
