"""Seals of each day, and the proof that records, charges and statements agree."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.core.paging import page_of
from aisc.ledger import actions
from aisc.ledger.displays import proof as displays
from aisc.ledger.models import Seal


def seals(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "ledger.view_proof")
    return render(request, "ledger/seals.html", {"page": page_of(request, Seal.objects.order_by("-day"))})


def proof(request: HttpRequest) -> HttpResponse:
    """What the last proof found; sent, it asks the worker for a new one."""
    access.require(request.actor, "ledger.view_proof")
    if request.method == "POST":
        actions.run_proof(request.actor)
        messages.success(request, _("The proof is asked for. The worker makes it; look again in a moment."))
        return redirect("ledger:proof")
    context = {"last": displays.last(), "may_run": access.may(request.actor, "ledger.run_proof")}
    return render(request, "ledger/proof.html", context)
