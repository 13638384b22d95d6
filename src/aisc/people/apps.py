from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "aisc.people"
    label = "people"

    def ready(self) -> None:
        from aisc.people import access  # noqa: F401 - registers who may do what
