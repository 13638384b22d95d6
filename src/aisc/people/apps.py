from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "aisc.people"
    label = "people"

    def ready(self) -> None:
        # Imported for what they register: access rules, background work, receivers of allauth's signals.
        from aisc.people import access, access_texts, adapter, history, search, tasks  # noqa: F401
