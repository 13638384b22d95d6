"""Which engine runs the jobs of a cluster. One engine object per cluster and process; tests put in their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from aisc.centre.models import Cluster
from aisc.core.errors import Unavailable
from aisc.jobs.engines.base import Engine


def _local(_cluster: Cluster) -> Engine:
    from aisc.jobs.engines.local import LocalEngine

    return LocalEngine(settings.STATE.engine)


MAKERS: dict[str, Callable[[Cluster], Engine]] = {"local": _local}

_engines: dict[str, Engine] = {}
_lock = threading.Lock()


def engine_for(cluster: Cluster) -> Engine:
    """The engine of ``cluster``. Raises Unavailable for a kind of engine that this installation does not have."""
    with _lock:
        engine = _engines.get(cluster.code)
        if engine is None:
            maker = MAKERS.get(cluster.engine)
            if maker is None:
                raise Unavailable(
                    _("The engine “%(engine)s” of cluster %(cluster)s is not installed.")
                    % {"engine": cluster.engine, "cluster": cluster.code},
                    code="engine.unknown",
                )
            engine = _engines[cluster.code] = maker(cluster)
        return engine


@contextmanager
def using(code: str, engine: Engine) -> Iterator[Engine]:
    """Let ``engine`` run the cluster called ``code`` inside the block."""
    with _lock:
        before = _engines.get(code)
        _engines[code] = engine
    try:
        yield engine
    finally:
        with _lock:
            if before is None:
                del _engines[code]
            else:
                _engines[code] = before
