"""The local engine: runs jobs as detached processes on this machine. See :class:`LocalEngine`."""

from .engine import LocalEngine
from .runs import Progress
from .scheduler import Turn

__all__ = ["LocalEngine", "Progress", "Turn"]
