"""Jobs on PostgreSQL: their life, their pages, and everything that can be killed."""

import pytest

WITHOUT_DATABASE = (
    "tests/jobs/engines",
    "tests/jobs/library",
    "tests/jobs/test_archives.py",
    "tests/jobs/test_uploads.py",
    "tests/jobs/test_specification.py",
    "tests/jobs/test_workspaces.py",
)


@pytest.mark.long
@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres("tests/jobs", *(f"--ignore={each}" for each in WITHOUT_DATABASE))
