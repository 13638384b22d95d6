"""The audit log is the same on PostgreSQL."""

import pytest

pytestmark = pytest.mark.postgres


def test_on_postgres(on_postgres):
    on_postgres("tests/core/test_audit_chain.py", "tests/core/test_audit_changes.py", "tests/core/audit_threads.py")
