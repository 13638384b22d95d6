"""The client of a centre's API."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from aisc.client.resources.centre import CentreFacts
from aisc.client.resources.files import Files
from aisc.client.resources.jobs import Jobs, Templates
from aisc.client.resources.ledger import Budgets, Ledger, PriceLists, Statements, UsageRecords
from aisc.client.resources.people import Accounts, Organisations, Projects, Tokens
from aisc.client.resources.scheme import Applications, Calls
from aisc.client.transport import Transport

DEFAULT_URL = "http://127.0.0.1:8000"


class Client:
    """A conversation with one centre.

        from aisc.client import Client

        with Client("http://127.0.0.1:8000", token="aisc_…") as centre:
            budget = next(centre.budgets.list(state="active"))
            job = centre.jobs.submit(
                project=budget.project,
                budget=budget,
                name="first run",
                command=["python", "-c", "print('hello')"],
                time_limit="10m",
            )
            for piece in centre.jobs.follow(job):
                print(piece.text, end="")
            print(centre.jobs.wait(job).cost.applicant_cents, "cents are ours")

    Every refusal raises a :class:`~aisc.client.errors.CentreError` whose ``detail`` says what to do. Requests that
    got no answer are made again for up to ``patience_s`` seconds, which cannot do a thing twice; ``on_pause`` is
    told of each wait (seconds, why). Not to be shared between threads.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        token: str = "",
        *,
        language: str = "en",
        timeout_s: float = 30,
        patience_s: float = 20,
        on_pause: Callable[[float, str], None] | None = None,
    ):
        self._transport = transport = Transport(
            url, token, language=language, timeout_s=timeout_s, patience_s=patience_s, on_pause=on_pause
        )
        self.accounts = Accounts(transport)
        self.tokens = Tokens(transport)
        self.organisations = Organisations(transport)
        self.projects = Projects(transport)
        self.centre = CentreFacts(transport)
        self.prices = PriceLists(transport)
        self.budgets = Budgets(transport)
        self.statements = Statements(transport)
        self.usage = UsageRecords(transport)
        self.ledger = Ledger(transport)
        self.templates = Templates(transport)
        self.jobs = Jobs(transport)
        self.files = Files(transport)
        self.calls = Calls(transport)
        self.applications = Applications(transport)

    @property
    def url(self) -> str:
        """The centre's address, without ``/api/v1``."""
        return self._transport.url

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
