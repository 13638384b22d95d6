"""People and centre on PostgreSQL: their writes, their pages, and many hands at once."""

import pytest

# What the database has no part in, and identity providers and a browser, whose answers it does not change.
WITHOUT_DATABASE = (
    "tests/people/test_text.py",
    "tests/people/test_sign_in_iam_smart.py",
    "tests/people/test_sign_in_oidc.py",
    "tests/people/test_sign_in_passkeys.py",
    "tests/people/test_sign_in_saml.py",
    "tests/centre/test_discovery.py",
)


@pytest.mark.long
@pytest.mark.postgres
def test_on_postgres(on_postgres):
    on_postgres("tests/people", "tests/centre", *(f"--ignore={each}" for each in WITHOUT_DATABASE))
