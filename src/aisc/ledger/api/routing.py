"""The router that the modules of this package add their operations to. No annotations as text: ninja reads them."""

from ninja import Query, Router

router = Router(tags=["ledger"])

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")
