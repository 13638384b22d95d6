"""The keeper: the small program that stays beside one run from its start to its end.

It is run as ``python -I -S <this folder> <run folder>`` and imports a handful of standard modules and
nothing else, so that it starts fast, stays small, and goes on unharmed while AISC is stopped, upgraded or
killed. It never opens the engine's database: it only writes the facts in :mod:`.facts`.
"""
