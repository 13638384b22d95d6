"""The typed Python client of a centre's API. Needs no Django: ``httpx`` and ``pydantic`` alone.

from aisc.client import Client

centre = Client("http://127.0.0.1:8000", token="aisc_…")
print(centre.accounts.whoami().person.name)
"""

from aisc.client.client import DEFAULT_URL, Client
from aisc.client.errors import (
    BadInput,
    CentreError,
    Conflict,
    Forbidden,
    InsufficientBudget,
    NotFound,
    NotSignedIn,
    Refused,
    TooLarge,
    Unreachable,
)

__all__ = [
    "DEFAULT_URL",
    "BadInput",
    "CentreError",
    "Client",
    "Conflict",
    "Forbidden",
    "InsufficientBudget",
    "NotFound",
    "NotSignedIn",
    "Refused",
    "TooLarge",
    "Unreachable",
]
