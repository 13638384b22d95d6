"""The fixtures of the scheme's tests; the world they act in is ``scheme_world``."""

from scheme_world import world  # noqa: F401
