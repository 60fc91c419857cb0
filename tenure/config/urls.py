"""Every address the web answers: pages only, so far."""

from django.urls import include, path

urlpatterns = [
    path("", include("tenure.web.urls")),
]
