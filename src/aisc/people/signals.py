"""What rooms above this one may want to hear.

``project_closing``: sent inside the transaction that closes a project, with ``actor`` and ``project``; a
receiver raises Conflict when the project still has something open (jobs that run, budgets that pay).
"""

from django.dispatch import Signal

project_closing = Signal()
