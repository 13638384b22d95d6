from django.apps import AppConfig


class CentreConfig(AppConfig):
    name = "aisc.centre"
    label = "centre"

    def ready(self) -> None:
        from aisc.centre import access, history, metrics, search  # noqa: F401 - register what they have
