from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "aisc.jobs"
    label = "jobs"

    def ready(self) -> None:
        # Each registers what it has: who may do what, background work, what stands behind usage records,
        # what a project's page shows.
        from aisc.jobs import access, accounting, history, metrics, panels, people_events, search, tasks  # noqa: F401
