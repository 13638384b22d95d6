"""What every centre needs before its first request: accelerator types, phases, this machine, a price list."""

from __future__ import annotations

from aisc.centre.actions import register_cluster, set_up_catalogue
from aisc.centre.models import AcceleratorType, Cluster
from aisc.core import clock
from aisc.core.actions import system, together
from aisc.ledger.actions import publish_price_list
from aisc.ledger.models import PriceList

ACTOR = system("set-up")
LOCAL = "local"

# Cents of Hong Kong dollars for an hour of one. Examples, marked so wherever they are shown: the list prices of
# the real centre are not public.
ILLUSTRATIVE_PRICES = {
    "cpu": 360,  # a tenth of a cent a second: easy to check in the head
    "h800": 2_000,
    "h100": 2_000,
    "h200": 2_600,
    "a100": 1_200,
    "a800": 1_200,
    "l40s": 900,
    "v100": 500,
    "t4": 300,
    "geforce-rtx-4090": 400,
    "mi300x": 2_000,
    "ascend-910b": 1_000,
    "mlu370-x8": 500,
}


def centre() -> None:
    """Make what is missing; safe to repeat, and after an interruption."""
    with together():
        if not Cluster.objects.filter(code=LOCAL).exists():
            set_up_catalogue(ACTOR)
            register_cluster(ACTOR, code=LOCAL, engine="local", name_en="This machine", name_zh="本機")
        if not PriceList.objects.exists():
            codes = set(AcceleratorType.objects.values_list("code", flat=True))
            publish_price_list(
                ACTOR,
                version=f"ILLUSTRATIVE-{clock.today().year}",
                effective_from=clock.today(),
                prices={f"accelerator:{code}": cents for code, cents in ILLUSTRATIVE_PRICES.items() if code in codes},
                illustrative=True,
                note_en="Example prices of this software, not those of any real centre.",
                note_zh="本軟件的示例價格，並非任何實際中心的收費。",
            )
