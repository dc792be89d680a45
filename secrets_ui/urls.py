from django.urls import URLPattern, URLResolver, include, path

from secrets_ui.views import (
    confirm,
    connections,
    expiry,
    home,
    jump,
    notes,
    overview,
    saved_views,
    secret_list,
    secrets,
    versions,
    writes,
)

VERSION = "<str:version_id>/"

# /organizations/{org}/secrets/{id}/versions/
version_urls = [
    path("new/", versions.version_create, name="version-create"),
    path(VERSION + "reveal/", versions.version_reveal, name="version-reveal"),
    path(VERSION + "status/", versions.version_status, name="version-status"),
    path(VERSION + "delete/", versions.version_delete, name="version-delete"),
]

# /organizations/{org}/secrets/
secret_urls: list[URLPattern | URLResolver] = [
    path("", secret_list.secret_list, name="secret-list"),
    path("new/", secrets.secret_create, name="secret-create"),
    path("<str:secret_id>/", secrets.secret_detail, name="secret-detail"),
    path("<str:secret_id>/edit/", secrets.secret_update, name="secret-update"),
    path("<str:secret_id>/delete/", secrets.secret_delete, name="secret-delete"),
    path("<str:secret_id>/favourite/", notes.favourite, name="favourite"),
    path("<str:secret_id>/notes/", notes.notes_update, name="notes-update"),
    path("<str:secret_id>/notes/adopt/", notes.notes_adopt, name="notes-adopt"),
    path("<str:secret_id>/versions/", include(version_urls)),
]

# /organizations/{org}/writes/
write_urls = [path("<str:nonce>/", writes.write_outcome, name="write-outcome")]

# /organizations/{org}/expiry/
expiry_urls = [
    path("", expiry.expiry_list, name="expiry-list"),
    path("calendar.ics", expiry.expiry_calendar, name="expiry-calendar"),
]

# /organizations/{org}/views/
view_urls = [
    path("", saved_views.view_save, name="view-save"),
    path("<int:view_id>/delete/", saved_views.view_delete, name="view-delete"),
]

urlpatterns = [
    path("", overview.home, name="home"),
    path("theme/", home.theme, name="theme"),
    path("accounts/confirm/", confirm.confirm, name="confirm"),
    path("connect/", connections.connect, name="connect"),
    path("connect/<str:organization_id>/forget/", connections.forget, name="connection-forget"),
    path("organizations/<str:organization_id>/expiry/", include(expiry_urls)),
    path("organizations/<str:organization_id>/secrets/", include(secret_urls)),
    path("organizations/<str:organization_id>/views/", include(view_urls)),
    path("organizations/<str:organization_id>/writes/", include(write_urls)),
    path("organizations/<str:organization_id>/jump/", jump.jump, name="jump"),
]
