"""Every address of the centre: the portal's own, and each room's."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from aisc.core import health
from aisc.people.urls_sign_in import instead_of_allauth
from aisc.people.views import set_language
from aisc.portal import explain, search, views
from aisc.portal.api import api
from aisc.portal.audit import pages as audit

own = (
    [
        path("", views.front, name="front"),
        path("home", views.home, name="home"),
        path("operator/", views.operator, name="operator"),
        path("metrics", views.metrics, name="metrics"),
        path("search", search.page, name="search"),
        path("audit/", audit.audit, name="audit"),
        path("audit/refused/", audit.refusals, name="audit_refusals"),
        path("audit/<slug:slug>/<str:uid>/", audit.history, name="history"),
        path("access/", explain.page, name="access"),
        path("verify/", views.verify, name="verify"),
        path("verify/<str:code>", views.verify, name="verify_code"),
        path("outbox/", views.outbox, name="outbox"),
        path("components/", views.components, name="components"),
    ],
    "portal",
)

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("favicon.ico", RedirectView.as_view(url="/static/portal/img/favicon.svg", permanent=True)),
    path("api/v1/", api.urls),
    path("i18n/setlang/", set_language, name="set_language"),
    path("accounts/", include(instead_of_allauth)),
    path("accounts/", include("allauth.urls")),
    path("", include(own)),
    path("", include("aisc.people.urls")),
    path("", include("aisc.centre.urls")),
    path("", include("aisc.ledger.urls")),
    path("", include("aisc.jobs.urls")),
    path("", include("aisc.scheme.urls")),
]
