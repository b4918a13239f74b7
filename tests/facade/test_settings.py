"""The options of a client: arguments, environment variables and defaults."""

from __future__ import annotations

import pickle
import time
from typing import Any

import httpx
import pytest

from autoenhance._settings import NOT_GIVEN, Secret, Settings, read_api_key, read_settings

GIVEN: dict[str, Any] = {
    "api_key": "key",
    "base_url": None,
    "timeout": 30.0,
    "deadline": NOT_GIVEN,
    "max_retries": 2,
    "api_version": None,
    "max_response_bytes": 1000,
    "allow_insecure": False,
    "on_retry": None,
}


def read(**options: Any) -> Settings:
    given = {**GIVEN, **options}
    return read_settings(read_api_key(given.pop("api_key")), **given)


def test_environment_variables_are_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them, the base URL is the contract's, and the API version the account's."""
    settings = read()
    assert (settings.base_url, settings.api_version) == ("https://api.autoenhance.ai", None)
    monkeypatch.setenv("AUTOENHANCE_API_KEY", "from-environment")
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", "https://example.com/api/")
    monkeypatch.setenv("AUTOENHANCE_API_VERSION", "2025-08-31")
    settings = read(api_key=None)
    assert settings.api_key.reveal() == "from-environment"
    assert (settings.base_url, settings.api_version) == ("https://example.com/api", "2025-08-31")
    settings = read(api_key=" given\n", base_url="https://other.example", api_version="2024-10-01")
    assert settings.api_key.reveal() == "given"  # keys are pasted, often with a newline
    assert (settings.base_url, settings.api_version) == ("https://other.example", "2024-10-01")


def test_a_missing_key_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is no key."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", "")
    with pytest.raises(ValueError, match="pass api_key=, or set AUTOENHANCE_API_KEY"):
        read(api_key=None)


@pytest.mark.parametrize("api_key", ["", "  ", "k\ney", "këy", "k\x00", "a key"])
def test_an_invalid_key_is_rejected_and_not_shown(api_key: str) -> None:
    with pytest.raises(ValueError, match="the API key") as caught:
        read(api_key=api_key)
    assert not api_key.strip() or api_key not in str(caught.value)


def test_a_secret_is_not_shown() -> None:
    """By repr, str and format; it cannot be pickled."""
    secret = Secret("hidden")
    assert "hidden" not in f"{secret!r} {secret} {read(api_key='hidden')}"
    with pytest.raises(TypeError, match="holds an API key"):
        pickle.dumps(secret)


def test_base_urls_are_https_or_this_machine() -> None:
    """allow_insecure allows http to another machine, and nothing else."""
    for host in ("https://example.com:8443/path", "http://localhost:8000", "http://127.8.9.1", "http://[::1]:80"):
        assert read(base_url=f"{host}/").base_url == host
    assert read(base_url="http://10.0.0.1:8000", allow_insecure=True).base_url == "http://10.0.0.1:8000"
    with pytest.raises(ValueError, match="over https only"):
        read(base_url="ftp://10.0.0.1", allow_insecure=True)


def test_an_httpx_timeout_is_for_one_attempt() -> None:
    """With it, the call has the deadline, or 30 s; a number is the total timeout."""
    assert read(timeout=5).deadline == 5
    assert read(timeout=None).deadline is None
    assert read(timeout=httpx.Timeout(5)).deadline == 30
    assert read(timeout=httpx.Timeout(5), deadline=60).deadline == 60
    assert read(timeout=httpx.Timeout(5), deadline=None).deadline is None


@pytest.mark.parametrize(
    ("says", "base_urls"),
    [
        ("is sent over https only", ["http://localhost.example.com", "http://10.0.0.1", "ftp://example.com"]),
        ("has a user name or password", ["https://user:secret@example.com"]),
        ("has a query or a fragment", ["https://example.com/?a=b", "https://example.com/#a", "https://example.com?"]),
        ("is not a URL with a host", ["example.com", "https://", "https://example.com:port", "https://example.com:0"]),
        ("is not a URL with a host", ["https://[::1", "https://256.1.1.1", "https://[v1.a]", "https://h/\x01"]),
        ("is not a URL with a host", ["https://exam ple.com", "https://exämple.com"]),
    ],
)
def test_other_base_urls_are_rejected(says: str, base_urls: list[str]) -> None:
    """Without showing a password."""
    for base_url in base_urls:
        with pytest.raises(ValueError, match=says) as caught:
            read(base_url=base_url)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"timeout": 0}, ValueError, "timeout is 0; it must be above 0"),
        ({"timeout": 1e300}, ValueError, "at most a year in seconds, or None for no limit"),
        ({"timeout": float("nan")}, ValueError, "timeout is nan"),
        ({"timeout": True}, TypeError, "timeout must be a number of seconds, an httpx.Timeout or None, not bool"),
        ({"timeout": 5, "deadline": 3}, ValueError, "timeout is already the total timeout"),
        ({"timeout": httpx.Timeout(5), "deadline": -1}, ValueError, "deadline is -1; it must be above 0"),
        ({"timeout": httpx.Timeout(5), "deadline": "3"}, TypeError, "must be a number of seconds or None, not str"),
        ({"max_response_bytes": 0}, ValueError, "max_response_bytes is 0; it must be 1 or more"),
        ({"max_retries": -1}, ValueError, "max_retries is -1; it must be 0 or more"),
        ({"max_retries": 1.5}, TypeError, "max_retries must be a whole number, not float"),
        ({"api_version": " "}, ValueError, "api_version is ' '; it must be a date"),
        ({"api_version": "2025-08-31\r\nx: y"}, ValueError, "api_version is"),
        ({"api_version": 2025}, TypeError, "api_version must be a string such as '2025-08-31', not int"),
        ({"api_key": 7}, TypeError, "api_key must be a string, not int"),
        ({"base_url": 7}, TypeError, "base_url must be a string, not int"),
        ({"on_retry": 7}, TypeError, "on_retry must be a function or None, not int"),
    ],
)
def test_an_invalid_option_is_rejected(options: dict[str, Any], kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        read(**options)


@pytest.mark.parametrize("text", ["\\" * 400_000, "%" * 4_000_000, "\\u0041" * 100_000])
def test_redacting_the_key_takes_linear_time(text: str) -> None:
    """A response of backslashes would otherwise stop the program for minutes."""
    began = time.process_time()
    Secret("planted-key-7f3a").redact(text)
    assert time.process_time() - began < 2
