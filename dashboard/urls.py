"""Every address of the product. Nothing else names an app."""

from django.conf import settings
from django.urls import include, path

from dashboard import health

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("audit/", include("audit.urls")),
    path("", include("secrets_ui.urls")),
]
if settings.SECRET_MANAGER_IS_EMBEDDED:
    urlpatterns += [path("secret-manager/", include("emulator.urls"))]

handler400 = "secrets_ui.views.errors.bad_request"
handler403 = "secrets_ui.views.errors.forbidden"
handler404 = "secrets_ui.views.errors.not_found"
handler500 = "secrets_ui.views.errors.server_error"
