from django.urls import path

from accounts.oidc import views

urlpatterns = [
    path("begin/", views.begin, name="oidc-begin"),
    path("step-up/", views.step_up, name="oidc-step-up"),
    path("callback/", views.callback, name="oidc-callback"),
    path("sign-out/", views.sign_out, name="oidc-sign-out"),
]
