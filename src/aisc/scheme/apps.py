from django.apps import AppConfig


class SchemeConfig(AppConfig):
    name = "aisc.scheme"
    label = "scheme"

    def ready(self) -> None:
        # Each registers what it has: rules, actions, what it does when people leave or merge, background work.
        from aisc.scheme import access, actions, people_events, tasks  # noqa: F401
