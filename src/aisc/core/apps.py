from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "aisc.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from aisc.core import lookups  # noqa: F401 - it registers them
        from aisc.core.audit import changes, guard
        from aisc.core.search import database

        changes.watch()
        post_migrate.connect(guard.install, sender=self, dispatch_uid="audit-guard")
        post_migrate.connect(database.install, sender=self, dispatch_uid="search-index")
