"""What every answer has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, StrictInt

# Strict: a float never passes for an amount of money.
Cents = StrictInt


class Model(BaseModel):
    """An answer of the centre. Unknown fields are ignored; nothing can be changed by assigning."""

    model_config = ConfigDict(extra="ignore", frozen=True)


# Where a thing is to be named, the thing itself or its uid is taken.
Ref = str | Model


def uid_of(thing: Ref) -> str:
    """The uid of a thing, or the uid itself."""
    return thing if isinstance(thing, str) else thing.uid  # type: ignore[attr-defined]
