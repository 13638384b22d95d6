"""The cache that all processes of a machine share."""

from __future__ import annotations

import logging
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from aisc.core import shared_cache
from aisc.core.shared_cache import SqliteCache

COUNT = """
import sys
from django.conf import settings
settings.configure()
from aisc.core.shared_cache import SqliteCache
cache = SqliteCache(sys.argv[1], {})
for _ in range(200):
    cache.add("tries", 0, 60)
    cache.incr("tries")
"""


@pytest.fixture
def cache(tmp_path):
    made = SqliteCache(tmp_path / "cache.sqlite3", {})
    yield made
    made.close()


def test_what_is_kept_comes_back(cache):
    for value in ("text", 7, True, None, ["list"], b"bytes"):
        cache.set("key", value)
        assert cache.get("key", "absent") == value
        assert type(cache.get("key")) is type(value)
    assert cache.delete("key")
    assert not cache.delete("key")
    assert cache.get("key", "absent") == "absent"
    cache.set("key", 1)
    cache.clear()
    assert cache.get("key") is None


def test_what_is_over_is_absent_and_can_be_kept_anew(cache, monkeypatch):
    now = 1_000_000
    monkeypatch.setattr(shared_cache, "_now_ms", lambda: now)
    assert cache.add("key", 1, 10)
    assert not cache.add("key", 2, 10)
    assert cache.touch("key", 20)
    now += 15_000
    assert cache.incr("key") == 2
    now += 5_000
    assert cache.get("key") is None
    assert not cache.touch("key", 20)
    with pytest.raises(ValueError, match="key"):
        cache.incr("key")
    assert cache.add("key", 5, None)
    now += 10**9
    assert cache.get("key") == 5


def test_processes_and_threads_count_together(cache, tmp_path):
    path = tmp_path / "cache.sqlite3"
    others = [subprocess.Popen([sys.executable, "-c", COUNT, str(path)]) for _ in range(2)]

    def count(_number: int) -> None:
        for _ in range(100):
            cache.add("tries", 0, 60)
            cache.incr("tries")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, range(2)))
    assert [each.wait() for each in others] == [0, 0]
    assert cache.get("tries") == 600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_over_is_swept(cache, monkeypatch):
    monkeypatch.setattr(shared_cache, "SWEEP_EVERY", 2)
    cache.set("old", 1, -1)
    cache.set("new", 1)
    assert len(cache._run("SELECT key FROM kept", "", None)) == 1


def test_keys_cannot_be_read_in_the_file(cache, tmp_path):
    cache.set("session-abcdef", 1)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"abcdef" not in written


def test_a_cache_that_cannot_be_used_is_empty_and_says_so(tmp_path, caplog):
    path = tmp_path / "cache.sqlite3"
    path.write_bytes(b"this is no database, but it is long enough to be looked at as one" * 40)
    broken = SqliteCache(path, {})
    with caplog.at_level(logging.ERROR):
        broken.set("key", 1)
        assert broken.get("key", "absent") == "absent"
        assert not broken.add("key", 1)
    assert "cannot be used" in caplog.text
