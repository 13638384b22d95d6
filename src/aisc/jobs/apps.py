from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "aisc.jobs"
    label = "jobs"

    def ready(self) -> None:
        from aisc.jobs import access  # noqa: F401 - registers who may do what
