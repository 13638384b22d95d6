from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "aisc.ledger"
    label = "ledger"

    def ready(self) -> None:
        from aisc.ledger import (
            access,  # noqa: F401 - registers who may do what
            tasks,  # noqa: F401 - registers the background work
        )
