from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.views import password, people, session, signing

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("signed-out/", signing.signed_out, name="signed-out"),
    path("session/", session.session_state, name="session"),
    path("password/", password.password_change, name="password"),
    path("people/", people.people_list, name="people"),
    path("people/new/", people.person_add, name="person-add"),
    path("people/<int:person_id>/", people.person_change, name="person-change"),
]
if settings.AUTH_MODE == "oidc":
    urlpatterns += [path("oidc/", include("accounts.oidc.urls"))]
