from django.apps import AppConfig


class SchemeConfig(AppConfig):
    name = "aisc.scheme"
    label = "scheme"

    def ready(self) -> None:
        from aisc.scheme import access, actions, tasks  # noqa: F401 - register rules, actions and background work
