from django.urls import path

from audit import views

urlpatterns = [
    path("", views.trail, name="trail"),
    path("export/", views.trail_export, name="trail-export"),
    path("people/<int:person>/seen/", views.trail_seen, name="trail-seen"),
]
