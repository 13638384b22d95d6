from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "aisc.portal"
    label = "portal"

    def ready(self) -> None:
        from aisc.portal import access  # noqa: F401 - registers who may do what
