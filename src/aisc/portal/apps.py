from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "aisc.portal"
    label = "portal"

    def ready(self) -> None:
        from aisc.core.search import index, tasks  # noqa: F401 - the background work
        from aisc.portal import access  # noqa: F401 - registers who may do what

        index.watch()  # here, since every room has registered by now what can be found
