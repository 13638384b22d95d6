"""What engines say about themselves, in the reader's language.

Engines know nothing of Django and speak English. The sentences of those that come with AISC are listed here; what
stands in the place of a name is kept as it is, and what another engine says is shown as it says it.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

SENTENCES = (
    gettext_noop("The engine's folder %(folder)s cannot be used: %(error)s."),
    gettext_noop("%(folder)s has %(free)s MiB free, less than the reserve of %(reserve)s: make space."),
    gettext_noop("No worker has looked at the queue since the machine started: start `aisc worker`."),
    gettext_noop("No worker has looked at the queue for %(seconds)s s: start `aisc worker`."),
    gettext_noop("No job starts: AISC_ISOLATION is “require”, and this machine cannot isolate jobs."),
    gettext_noop("Run %(run)s could not be started %(times)s times: see %(log)s."),
    gettext_noop("Jobs are isolated in namespaces."),
    gettext_noop("Jobs are isolated in namespaces, each project as a user of its own."),
    gettext_noop("Jobs run as a user of each project's own, but share the machine's processes and network:"),
    gettext_noop(
        "Jobs are NOT isolated: they can read the state folder, other projects' files and the portal's secrets."
    ),
    gettext_noop("Let only people you trust submit jobs, or set AISC_ISOLATION=require."),
    gettext_noop("AISC_ISOLATION is off."),
    gettext_noop("Allow user namespaces to this user (docs/operator/guide.md, “Isolation”), or run AISC as root."),
    gettext_noop("Simulated for the demonstration: there is no such machine."),
    gettext_noop("It waits for a new fan."),
    gettext_noop("Simulated: nothing is computed."),
    gettext_noop("The engine does not report this machine any more."),
)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    found = []
    for sentence in SENTENCES:
        parts = re.split(r"%\((\w+)\)s", sentence)
        source = "".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
        # A full stop inside a name, as in keeper.log, ends no sentence.
        found.append((re.compile(source + r"(?=\s|$)"), sentence))
    return tuple(found)


def in_words(said: str) -> str:
    """``said`` with every sentence that is known in the reader's language."""
    for pattern, sentence in _patterns():
        said = pattern.sub(lambda match, sentence=sentence: gettext(sentence) % match.groupdict(), said)
    return said
