"""Mail without a mail server: each message becomes one file in the state folder."""

from __future__ import annotations

import time
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Writes ``mail/<time>-<n>.eml`` atomically; the demonstration shows them on its outbox page."""

    def send_messages(self, email_messages):
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for number, message in enumerate(email_messages):
            target = folder / f"{time.time_ns()}-{number}.eml"
            part = target.with_suffix(".part")
            part.write_bytes(message.message().as_bytes())
            part.replace(target)
        return len(email_messages)
