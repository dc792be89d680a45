"""The addresses of the Secret Manager API, below `secret-manager/`."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from emulator.endpoint import endpoint, not_found
from emulator.views import secrets, versions


class IdConverter(StringConverter):
    regex = "[0-9]{1,20}"


register_converter(IdConverter, "id")

SECRETS = "organizations/<id:organization_id>/secrets"

urlpatterns = [
    path(SECRETS, endpoint(GET=secrets.list_secrets, POST=secrets.create_secret)),
    path(
        f"{SECRETS}/<id:secret_id>",
        endpoint(GET=secrets.get_secret, PATCH=secrets.update_secret, DELETE=secrets.delete_secret),
    ),
    path(
        f"{SECRETS}/<id:secret_id>/versions",
        endpoint(GET=versions.list_versions, POST=versions.create_version),
    ),
    path(
        f"{SECRETS}/<id:secret_id>/versions/<id:version_id>",
        endpoint(
            GET=versions.get_version, PATCH=versions.update_version, DELETE=versions.delete_version
        ),
    ),
    re_path("", not_found),
]
