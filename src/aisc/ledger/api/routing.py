"""The router that the modules of this package add their operations to. No annotations as text: ninja reads them."""

from django.utils.translation import gettext as _
from ninja import Query, Router

from aisc.core.errors import BadInput

router = Router(tags=["ledger"])

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")


def one_of(value: str, known: list[str], field: str) -> None:
    """Raises BadInput for a value that is neither empty nor known."""
    if value and value not in known:
        raise BadInput(_("Choose one of: %(known)s.") % {"known": ", ".join(known)}, field=field)


def storable(**given: str) -> None:
    """Raises BadInput for a query with a NUL character: PostgreSQL could not even look for it."""
    for field, value in given.items():
        if "\0" in value:
            raise BadInput(_("A NUL character cannot be looked for."), field=field)
