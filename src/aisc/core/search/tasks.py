"""The search's background work: the index is built when there is none of this version, as after an upgrade."""

from __future__ import annotations

import logging

from aisc.core.search import index
from aisc.core.worker import task

log = logging.getLogger("aisc.search")


@task("search.build", every_s=60)
def build() -> None:
    """Build the index unless it is there."""
    if index.is_due():
        log.info("the search index has %s rows", index.rebuild())


@task("search.heal", every_s=3600)
def heal() -> None:
    """Build it anew when it knows more or fewer things than there are: something was written around it."""
    if differs := index.missing():
        log.warning("the search index differs from what there is and is built anew: %s", differs)
        index.rebuild_soon()
