from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "aisc.ledger"
    label = "ledger"

    def ready(self) -> None:
        from aisc.ledger import (
            access,  # noqa: F401 - registers who may do what
            history,  # noqa: F401 - registers what has a history
            metrics,  # noqa: F401 - registers figures for Prometheus
            people_events,  # noqa: F401 - says what becomes of budgets when duplicates are merged
            search,  # noqa: F401 - registers what can be found
            tasks,  # noqa: F401 - registers the background work
        )
