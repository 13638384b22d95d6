"""The API of the ledger: thin faces over actions, queries and displays."""

from aisc.ledger.api import budgets, prices, proof, statements, usage
from aisc.ledger.api.routing import router

__all__ = ["budgets", "prices", "proof", "router", "statements", "usage"]
