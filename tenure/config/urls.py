"""Every address the web answers: pages only, so far. The probes answer before: web/probes.py."""

from django.urls import include, path

handler400 = "tenure.web.errors.bad_request"
handler403 = "tenure.web.errors.not_allowed"
handler404 = "tenure.web.errors.not_found"
handler429 = "tenure.web.errors.too_often"
handler500 = "tenure.web.errors.our_fault"

urlpatterns = [
    path("", include("tenure.web.urls")),
]
