from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "aisc.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Each registers what it has: who may do what, background work, the proof's source.
        from aisc.jobs import access, tasks  # noqa: F401
