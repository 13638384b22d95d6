"""The text that people agree to before something of theirs is shown in the public directory.

A change of the text is a new version: who agreed to which is kept with each entry (``Listing``), and
entries made under an older version stay until they are withdrawn.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERSION = "2026-11"

ORGANISATION = _(
    "I may speak for this organisation and agree that its name, category, description and link are shown to everybody "
    "in the centre's public directory and through its public API, where search engines and others may read and copy "
    "them. I can withdraw at any time; the directory then stops showing the organisation, its projects and its people "
    "at once. Copies that others made are not in the centre's hands."
)
PROJECT = _(
    "I agree that the title, summary, link and picture on this page are shown to everybody in the centre's public "
    "directory and through its public API. They hold nothing confidential, and we have the right to publish them. I "
    "can withdraw at any time; the directory then stops showing them at once."
)
PERSON = _(
    "I agree that my name, what I do and my link are shown to everybody in the centre's public directory, with this "
    "organisation, and through its public API. My e-mail address is not shown. I can withdraw at any time; the "
    "directory then stops showing me at once, and so it does when I leave the organisation."
)
