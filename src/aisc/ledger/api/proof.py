"""Seals and proofs. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest

from aisc.core import access, clock
from aisc.core.api import Page, idempotent, paginate, with_etag
from aisc.core.errors import NotFound
from aisc.ledger import actions
from aisc.ledger.api.routing import Cursor, Limit, router
from aisc.ledger.models import Proof, Seal
from aisc.ledger.schemas import ProofAskedOut, ProofOut, SealOut


@router.get("/ledger/seals", response=Page[SealOut], summary="Daily seals, newest first")
def seals(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    access.require(request.actor, "ledger.view_proof")
    found, following = paginate(Seal.objects.all(), cursor=cursor, limit=limit)
    return Page(items=[SealOut.of(each) for each in found], next=following)


@router.get("/ledger/proof", response=ProofOut, summary="The last proof that everything agrees")
def proof(request: HttpRequest):
    access.require(request.actor, "ledger.view_proof")
    last = Proof.objects.first()
    if last is None:
        raise NotFound
    return with_etag(request, ProofOut.of(last))


@router.post("/ledger/proof", response={202: ProofAskedOut}, summary="Ask for a proof now")
@idempotent
def run_proof(request: HttpRequest):
    """For finance officers, auditors and operators. The worker makes it: `GET` until `at` is after `asked_at`."""
    actions.run_proof(request.actor)
    return 202, ProofAskedOut(asked_at=clock.now())
