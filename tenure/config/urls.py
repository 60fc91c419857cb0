"""Every address the web answers: the API and the pages. The probes answer before: web/probes.py."""

from django.urls import include, path

handler400 = "tenure.web.errors.bad_request"
handler403 = "tenure.web.errors.not_allowed"
handler404 = "tenure.web.errors.not_found"
handler429 = "tenure.web.errors.too_often"
handler500 = "tenure.web.errors.our_fault"

urlpatterns = [
    path("api/", include("tenure.api.v1")),
    path("", include("tenure.web.urls")),
]
