"""The product's addresses in AUTH_MODE=oidc, beside those that were loaded without it."""

from django.urls import include, path

from dashboard import urls as product

urlpatterns = [path("accounts/oidc/", include("accounts.oidc.urls")), *product.urlpatterns]
handler400, handler403 = product.handler400, product.handler403
handler404, handler500 = product.handler404, product.handler500
