from django.apps import AppConfig


class CentreConfig(AppConfig):
    name = "aisc.centre"
    label = "centre"

    def ready(self) -> None:
        from aisc.centre import access, metrics  # noqa: F401 - each registers what it has
