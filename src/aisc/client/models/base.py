"""What every answer has in common."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, StrictInt, ValidationError

from aisc.client.errors import CentreError

# Strict: a float never passes for an amount of money.
Cents = StrictInt


class Model(BaseModel):
    """An answer of the centre. Unknown fields are ignored; nothing can be changed by assigning."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def read(cls, body: Any) -> Self:
        """``body``, the JSON of an answer, as what it is. Raises CentreError for anything else."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise CentreError(
                f"The centre's answer is not what this client knows as {cls.__name__} ({where}: {first['msg']}). "
                "Use a client of the centre's version."
            ) from error


# Where a thing is to be named, the thing itself or its uid is taken.
Ref = str | Model


def uid_of(thing: Ref) -> str:
    """The uid of a thing, or the uid itself."""
    return thing if isinstance(thing, str) else thing.uid
