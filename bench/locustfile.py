"""What one person does in ``bench.load``: reads, mostly, and sometimes writes. Locust runs it, in its own environment.

The people, with their sessions and addresses, are in the file that ``BENCH_PEOPLE`` names.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path

from locust import HttpUser, between, task

PEOPLE = json.loads(Path(os.environ["BENCH_PEOPLE"]).read_text())
_next = itertools.count()


class Person(HttpUser):
    """Somebody signed in, who looks at a page for some seconds and goes on."""

    wait_time = between(3, 9)

    def on_start(self) -> None:
        self.person = PEOPLE[next(_next) % len(PEOPLE)]
        self.dice = random.Random(self.person["token"])
        self.client.cookies.set(self.person["cookie"], self.person["session"])
        self.jobs: list[str] = [self.person["job"]]

    def see(self, name: str, address: str) -> None:
        self.client.get(address, name=name)

    def api(self, method: str, path: str, **body: object) -> dict:
        headers = {"Authorization": f"Bearer {self.person['token']}"}
        name = f"{method} {path.split('/')[1]}"
        with self.client.request(
            method, f"/api/v1{path}", json=body, headers=headers, name=name, catch_response=True
        ) as answer:
            if not answer.ok or not answer.content:
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
                return {}
            return answer.json()

    @task(12)
    def home(self) -> None:
        self.see("home", "/home")

    @task(4)
    def front(self) -> None:
        self.see("front", "/")

    @task(4)
    def directory(self) -> None:
        self.see("directory", "/directory/")

    @task(6)
    def projects(self) -> None:
        self.see("projects", "/projects/")

    @task(10)
    def project(self) -> None:
        self.see("project", self.person["project"])

    @task(12)
    def job_list(self) -> None:
        self.see("jobs", self.dice.choice(["/jobs/", "/jobs/?state=active", "/jobs/?page=2"]))

    @task(14)
    def job(self) -> None:
        self.see("job", f"/jobs/{self.dice.choice(self.jobs)}/")

    @task(8)
    def status(self) -> None:
        self.see("job, what changes", f"/jobs/{self.jobs[-1]}/status")

    @task(5)
    def budgets(self) -> None:
        self.see("budgets", "/budgets/")

    @task(6)
    def budget(self) -> None:
        self.see("budget", f"/budgets/{self.person['budget']}/")

    @task(5)
    def applications(self) -> None:
        self.see("applications", "/applications/")

    @task(2)
    def notices(self) -> None:
        self.see("notices", "/notices/")

    @task(4)
    def listed(self) -> None:
        self.api("GET", "/jobs?limit=50")

    # Writing

    @task(4)
    def submit(self) -> None:
        if self.person["may_submit"]:
            made = self.api(
                "POST",
                "/jobs",
                project=self.person["project"].split("/")[2],
                budget=self.person["budget"],
                name="load",
                command=["true"],
                accelerator="h800",
                accelerator_count=1,
                time_limit="10m",
            )
            if made:
                self.jobs.append(made["uid"])

    @task(3)
    def annotate(self) -> None:
        if len(self.jobs) > 1:
            self.api("PATCH", f"/jobs/{self.jobs[-1]}", note=f"Looked at, {self.dice.random()}")

    @task(2)
    def cancel(self) -> None:
        if len(self.jobs) > 1:
            self.api("POST", f"/jobs/{self.jobs.pop()}/cancel")
