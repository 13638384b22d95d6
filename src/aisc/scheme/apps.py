from django.apps import AppConfig


class SchemeConfig(AppConfig):
    name = "aisc.scheme"
    label = "scheme"

    def ready(self) -> None:
        from aisc.scheme import access  # noqa: F401 - registers who may do what
