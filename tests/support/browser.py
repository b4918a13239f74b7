"""Chromium, for tests of pages."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

# Root has no sandbox. The window is high because the page unfolds what comes into view.
FLAGS = ["headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1280,12000"]
# Without requests of its own.
FLAGS += ["disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"]


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A Chromium with an empty profile, which logs each request and each console message; without one, the test is skipped."""
    binary, chromedriver = program("chromium", "chromium-browser", "google-chrome"), program("chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"user-data-dir={profile}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with pytest.MonkeyPatch.context() as environment:
        # The driver is on this machine. The fixture that clears these for a test comes after this one.
        for name in os.environ:
            if name.lower().endswith("_proxy"):
                environment.delenv(name)
        # With its path given, Selenium does not look for a driver on the network.
        with webdriver.Chrome(options=options, service=Service(executable_path=chromedriver)) as driver:
            driver.implicitly_wait(30)
            yield driver


def noted(browser: Chrome) -> tuple[list[str], list[str]]:
    """The URLs that were loaded, and the warnings and errors on the console, since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    complaints = [entry["message"] for entry in _log(browser, "browser") if entry["level"] in {"WARNING", "SEVERE"}]
    return [url for url in sent if not url.startswith(("data:", "blob:"))], complaints


def _log(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries
