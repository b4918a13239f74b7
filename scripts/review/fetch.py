"""Fetches an OpenAPI document from a file or a URL; the only I/O of the comparison."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import anyio
import httpx

from command import FailureError

_MAX_BYTES: Final = 50 * 2**20
_TOTAL_TIMEOUT: Final = 60.0
_READ_TIMEOUT: Final = 20.0
_FIRST_ERROR: Final = 400


def fetch(source: str) -> tuple[str, bytes]:
    """Read a source.

    Args:
        source: A path, or an http(s) URL.

    Returns:
        Its name for messages, and its bytes. The name of a URL has no user, password, query or fragment, because those
        may be secret.

    Raises:
        FailureError: If it cannot be read.
    """
    if "://" not in source:
        # It may be a URL without its scheme, with a password.
        name = re.sub(r"[^/@]*:[^/@]*@", "", source)
        return name, _read_file(source, name)
    try:
        parts = urlsplit(source)
        name = _without_secrets(parts)
    except ValueError:
        raise FailureError("the source is not a valid URL; check its host and port") from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise FailureError(f"{name}: is not supported; give an http or https URL, or the path of a file")
    return name, _read_url(source, name)


def _without_secrets(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "") + parts.path


def _read_file(source: str, name: str) -> bytes:
    try:
        path = Path(source)
        if path.exists() and not path.is_file() and not path.is_dir():
            raise FailureError(f"{name}: is not a regular file")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FailureError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return _limited(name, content)


def _read_url(url: str, name: str) -> bytes:
    try:
        return _limited(name, anyio.run(_download, url, name))
    except TimeoutError:
        raise FailureError(f"{name}: timed out after {_TOTAL_TIMEOUT:g} s") from None
    except httpx.TooManyRedirects:
        raise FailureError(f"{name}: too many redirects") from None
    except httpx.TimeoutException:
        raise FailureError(f"{name}: timed out") from None
    except httpx.ConnectError as error:
        raise FailureError(f"{name}: cannot be reached ({error})") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
        # Not its message, which may contain the whole URL.
        raise FailureError(f"{name}: cannot be fetched ({type(error).__name__})") from None


async def _download(url: str, name: str) -> bytes:
    content = bytearray()
    headers = {"accept": "application/json, application/yaml;q=0.9, */*;q=0.5", "accept-encoding": "gzip, deflate"}
    # httpx's timeouts are per read; this also stops a server that sends a byte at a time.
    with anyio.fail_after(_TOTAL_TIMEOUT):
        async with (
            httpx.AsyncClient(follow_redirects=True, timeout=_READ_TIMEOUT, headers=headers) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code >= _FIRST_ERROR:
                raise FailureError(
                    f"{name}: the server responded with {response.status_code} {response.reason_phrase}".rstrip()
                )
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MAX_BYTES:
                    break
    return bytes(content)


def _limited(name: str, content: bytes) -> bytes:
    if len(content) > _MAX_BYTES:
        raise FailureError(f"{name}: is longer than {_MAX_BYTES // 2**20} MB")
    return content
