"""`--no-skips` lets a skipped test fail and says why it was skipped: CI installs what tests need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

BY_ITSELF = """
import pytest

def test_a():
    pytest.skip("no browser here")

def test_b():
    assert True

@pytest.mark.xfail(reason="a known bug")
def test_c():
    assert False
"""
BY_ITS_MARK = """
import pytest

@pytest.mark.skipif(True, reason="no browser here")
def test_a():
    pass
"""
BY_ITS_FIXTURE = """
import pytest

@pytest.fixture
def browser():
    pytest.skip("no browser here")

def test_a(browser):
    pass
"""
AS_A_MODULE = """
import pytest

pytest.skip("no browser here", allow_module_level=True)
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run a test file of these lines in a pytest of its own."""

    def _run(lines: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(lines)
        return pytester.runpytest_inprocess("-p", "no_skips", "-p", "no:xdist", *options)

    return _run


@pytest.mark.parametrize("how", [BY_ITSELF, BY_ITS_MARK, BY_ITS_FIXTURE, AS_A_MODULE])
def test_a_skipped_test_fails_and_tells_the_reason(run: Callable[..., pytest.RunResult], how: str) -> None:
    """However it is skipped, by itself or before it began."""
    result = run(how, "--no-skips")
    assert result.ret != 0
    assert "skipped" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(["*no browser here*", "*nothing may be skipped*"])


def test_the_other_tests_are_as_they_were(run: Callable[..., pytest.RunResult]) -> None:
    """What passes passes, and what is expected to fail may."""
    run(BY_ITSELF, "--no-skips").assert_outcomes(failed=1, passed=1, xfailed=1)


@pytest.mark.parametrize("how", [BY_ITSELF, BY_ITS_MARK, BY_ITS_FIXTURE, AS_A_MODULE])
def test_without_the_option_a_test_may_be_skipped(run: Callable[..., pytest.RunResult], how: str) -> None:
    """A developer's machine need not have everything."""
    result = run(how)
    assert result.parseoutcomes()["skipped"] == 1
    assert result.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
