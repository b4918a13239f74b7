"""The pytest fixture `autoenhance_sandbox`; pytest finds it by itself once the extra is installed."""

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
    """A local Autoenhance service with a few orders; each test finds it as if it were new.

    Give a client `api_key=autoenhance_sandbox.api_key, base_url=autoenhance_sandbox.url`.
    """
    _autoenhance_sandbox_of_session.reset()
    return _autoenhance_sandbox_of_session
