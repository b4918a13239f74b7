"""`--no-skips` fails a skipped test with the reason: CI installs what tests need."""

from __future__ import annotations

import pytest

BY_ITSELF = "def test_a(): pytest.skip('no browser here')"
BY_ITS_MARK = "@pytest.mark.skipif(True, reason='no browser here')\ndef test_a(): pass"
BY_ITS_FIXTURE = "@pytest.fixture\ndef browser(): pytest.skip('no browser here')\n\ndef test_a(browser): pass"
AS_A_MODULE = "pytest.skip('no browser here', allow_module_level=True)"
OTHERS = "def test_b(): pass\n\n@pytest.mark.xfail(reason='a known bug')\ndef test_c(): assert False"


def run(pytester: pytest.Pytester, lines: str, *options: str) -> pytest.RunResult:
    """Run a test file of these lines in a pytest of its own."""
    pytester.makeini("[pytest]")  # so that no other one is found in the folders above
    pytester.makepyfile("import pytest\n\n" + lines)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        return pytester.runpytest_inprocess("-p", "no_skips", *options)


@pytest.mark.parametrize("how", [BY_ITSELF, BY_ITS_MARK, BY_ITS_FIXTURE, AS_A_MODULE])
def test_a_skipped_test_fails_with_the_reason(pytester: pytest.Pytester, how: str) -> None:
    """However it is skipped; without the option it is skipped."""
    result = run(pytester, how, "--no-skips")
    assert result.ret != 0
    assert "skipped" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(["*no browser here*", "*nothing may be skipped*"])
    without = run(pytester, how)
    assert without.parseoutcomes()["skipped"] == 1
    assert without.ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def test_other_tests_are_unaffected(pytester: pytest.Pytester) -> None:
    """Those that pass, and those that are expected to fail."""
    run(pytester, OTHERS, "--no-skips").assert_outcomes(passed=1, xfailed=1)
