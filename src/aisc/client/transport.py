"""One HTTP conversation with a centre: token, language, and retries that cannot do a thing twice."""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import httpx

from aisc.client.errors import BY_STATUS, CentreError, Refused, Unreachable

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 8.0
# Where nobody has answered yet, more tries would only make a wrong address look like a slow one.
FIRST_CONNECT_TRIES = 4
KEPT_ANSWERS = 128
CHUNK = 256 * 1024
# "Try again": refused before anything was changed, or said by a proxy whose backend is away.
TEMPORARY = frozenset({429, 502, 503, 504})

OnBytes = Callable[[int], None]  # is told how many bytes have gone or come so far


class Transport:
    """Requests to ``{url}/api/v1``.

    What is asked again: reads; and writes with an idempotency key, which the centre carries out once however
    often they arrive. ``patience_s`` bounds the pauses together; ``on_pause(seconds, why)`` is told of each.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        language: str = "en",
        timeout_s: float = 30,
        patience_s: float = 20,
        on_pause: Callable[[float, str], None] | None = None,
    ):
        self.url = _base(url)
        self.patience_s = patience_s
        self._on_pause = on_pause
        headers = {"Accept-Language": language, "User-Agent": "aisc-client"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=timeout_s)
        self._kept: OrderedDict[str, tuple[str, Any]] = OrderedDict()
        self._met = False  # whether this address has answered before

    def close(self) -> None:
        self._http.close()

    # Reading

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON answer to a GET. An answer that has not changed (ETag) is not sent again. Raises CentreError."""
        url = str(httpx.URL(path, params=_given(query)))
        tag, kept = self._kept.get(url, ("", None))
        answer = self._send("GET", url, headers={"If-None-Match": tag} if tag else {})
        if answer.status_code == 304:
            self._kept.move_to_end(url)
            return kept
        body = _json(checked(answer))
        if tag := answer.headers.get("ETag", ""):
            self._kept[url] = (tag, body)
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return body

    def get_bytes(self, path: str, /, **query: Any) -> bytes:
        """The answer to a GET as it came: a document, a small file."""
        return checked(self._send("GET", path, params=_given(query))).content

    def get_part(self, path: str, part: str) -> Any:
        """The JSON answer to a GET that asks for ``part`` of it (Range); None where that is part of a file."""
        answer = self._send("GET", path, headers={"Range": part})
        return None if answer.status_code in {206, 416} else _json(checked(answer))

    def pages(self, path: str, /, **query: Any) -> Iterator[Any]:
        """Every item of a list; the next page is asked for when it is reached."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    @contextmanager
    def stream(
        self, path: str, *, headers: dict[str, str] | None = None, read_timeout_s: float | None = 30, **query: Any
    ) -> Iterator[httpx.Response]:
        """An answer that is read while it comes: a download, server-sent events. One try; raises CentreError."""
        timeout = httpx.Timeout(30, read=read_timeout_s)
        try:
            with self._http.stream("GET", path, params=_given(query), headers=headers, timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                yield checked(answer)
        except httpx.TransportError as error:
            raise self.unreachable(error) from error

    # Writing

    def write(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, repeat: bool = True, **query: Any
    ) -> Any:
        """The JSON answer to a POST, PUT, PATCH or DELETE (None for 204). Raises CentreError.

        ``key`` is the idempotency key, a new one if none is given. ``repeat=False`` is for the few writes that
        the centre does not keep answers of: they are sent again only where they surely did not arrive.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        answer = checked(
            self._send(method, path, json=body, headers=headers, params=_given(query) or None, repeat=repeat)
        )
        return _json(answer) if answer.content else None

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.write("POST", path, body, **options)

    def put_file(self, path: str, source: BinaryIO, size: int, *, progress: OnBytes | None = None) -> Any:
        """Send ``size`` bytes of a seekable file as they are read. Sent again from its beginning when interrupted."""
        start = source.tell()

        def chunks() -> Iterator[bytes]:
            source.seek(start)
            sent = 0
            # No more than was announced: the file may be growing.
            while sent < size and (chunk := source.read(min(CHUNK, size - sent))):
                sent += len(chunk)
                yield chunk
                if progress:
                    progress(sent)

        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        # A large file takes as long as it takes; only a connection that stands still for long is given up.
        timeout = httpx.Timeout(30, read=600, write=60)
        answer = self._send("PUT", path, body=chunks, headers=headers, timeout=timeout)
        return _json(checked(answer))

    # Once more

    def _send(
        self,
        method: str,
        path: str,
        *,
        repeat: bool = True,
        body: Callable[[], Iterator[bytes]] | None = None,
        **options: Any,
    ) -> httpx.Response:
        pauses = Pauses(self.patience_s, self._on_pause)
        while True:
            if body is not None:
                options["content"] = body()
            try:
                answer = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                trouble = self.unreachable(error)
                never_arrived = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
                if isinstance(error, httpx.UnsupportedProtocol) or not (repeat or never_arrived):
                    raise trouble from error
                enough = not self._met and pauses.taken >= FIRST_CONNECT_TRIES - 1
                if enough or not pauses.take(trouble.detail):
                    raise trouble from error
            else:
                self._met = True
                if answer.status_code not in TEMPORARY:
                    return answer
                if not pauses.take(_detail(answer), least_s=_retry_after(answer)):
                    return answer

    def unreachable(self, error: Exception) -> Unreachable:
        """``error`` of the connection as one of ours."""
        reason = _reason(error)
        return Unreachable(f"{self.url} does not answer: {reason}. Is it running, and is the address right?")


class Pauses:
    """Pauses between tries, each twice as long as the one before, until ``patience_s`` is used up."""

    def __init__(self, patience_s: float, on_pause: Callable[[float, str], None] | None = None):
        self.left_s, self.taken = patience_s, 0
        self._on_pause = on_pause

    def take(self, why: str, *, least_s: float = 0) -> bool:
        """Wait, at least ``least_s``; or False, at once, where that is longer than patience lasts."""
        pause = max(least_s, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**self.taken))
        if pause > self.left_s:
            return False
        self.left_s -= pause
        self.taken += 1
        if self._on_pause:
            self._on_pause(pause, why)
        time.sleep(pause)
        return True


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer itself, or the CentreError that its problem document says."""
    if answer.is_success:
        return answer
    if answer.is_redirect:
        # Not followed: a token is sent to the address that was given and to no other.
        raise Unreachable(
            f"The centre is not at this address but at {answer.headers.get('Location', 'another')}. Use that address.",
            status=answer.status_code,
        )
    kind = BY_STATUS.get(answer.status_code, Unreachable if answer.status_code >= 500 else Refused)
    raise kind(_detail(answer), status=answer.status_code, problem=_problem(answer))


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _detail(answer: httpx.Response) -> str:
    told = _problem(answer).get("detail")
    return str(told) if told else f"The centre answered {answer.status_code} {answer.reason_phrase}.".replace(" .", ".")


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise CentreError(
            f"{answer.request.url} answered something that is not JSON. Is this the address of an AISC centre?",
            status=answer.status_code,
        ) from error


def _reason(error: BaseException) -> str:
    """What the system said, below the layers that passed it on."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error).rstrip(".") or type(error).__name__


def _retry_after(answer: httpx.Response) -> float:
    """Seconds that the centre asks to wait (0: as we like). Its form as a date is not used by a centre."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value not in (None, "")}


def _base(url: str) -> str:
    base = url.strip().rstrip("/").removesuffix("/api/v1")
    try:
        parsed = httpx.URL(base)
    except httpx.InvalidURL as error:
        raise Unreachable(f"“{url}” is no address of a centre: {error}.") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise Unreachable(f"“{url}” is no address of a centre. Write it like http://127.0.0.1:8000.")
    return base
