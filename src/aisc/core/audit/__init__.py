"""The audit log: what every action did, chained by hashes so that no row can be altered without its showing.

``chain`` says how a row is hashed, ``changes`` notes before and after values, ``record`` puts the rows down,
``prove`` recomputes the chain, ``guard`` makes the database refuse changes, ``kinds`` says whose history is shown
to whom. Actions write through ``core.actions``; nothing else does.
"""
