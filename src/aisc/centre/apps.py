from django.apps import AppConfig


class CentreConfig(AppConfig):
    name = "aisc.centre"
    label = "centre"

    def ready(self) -> None:
        from aisc.centre import access  # noqa: F401 - registers who may do what
