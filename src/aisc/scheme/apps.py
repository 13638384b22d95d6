from django.apps import AppConfig


class SchemeConfig(AppConfig):
    name = "aisc.scheme"
    label = "scheme"

    def ready(self) -> None:
        # Each registers what it has: rules, actions, histories, what follows when people leave, background work.
        from aisc.scheme import access, actions, history, people_events, search, tasks  # noqa: F401
