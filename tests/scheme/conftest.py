"""The fixtures of the scheme's tests; the world they act in is ``scheme_world``."""

from scheme_world import cheap_passwords, world  # noqa: F401
