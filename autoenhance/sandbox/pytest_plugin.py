"""The pytest fixture `autoenhance_sandbox`. pytest loads it if the extra `sandbox` is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.sandbox import Sandbox


@pytest.fixture(scope="session")
def _autoenhance_sandbox_of_session() -> Iterator[Sandbox]:
    from autoenhance.sandbox import Sandbox

    # No rate limit: a fast test suite would exceed it.
    with Sandbox(rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def autoenhance_sandbox(_autoenhance_sandbox_of_session: Sandbox) -> Sandbox:
    """A local service with a few orders, without a rate limit, and reset before each test.

    >>> def test_rename(autoenhance_sandbox: Sandbox) -> None:
    ...     api_key, url = autoenhance_sandbox.api_key, autoenhance_sandbox.url
    ...     order = edit_order("harbour-view-7", name="7a", api_key=api_key, base_url=url)
    ...     assert order.name == "7a"
    """
    _autoenhance_sandbox_of_session.reset()
    return _autoenhance_sandbox_of_session
