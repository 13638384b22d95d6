from django.urls import include, path

from aisc.core import health
from aisc.portal.api import api

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("api/v1/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("allauth.urls")),
    path("", include("aisc.people.urls")),
    path("", include("aisc.centre.urls")),
    path("", include("aisc.ledger.urls")),
    path("", include("aisc.jobs.urls")),
    path("", include("aisc.scheme.urls")),
]
