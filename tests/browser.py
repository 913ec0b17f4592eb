"""A headless browser for tests, where the machine has one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing is looked up, synced or updated while a test runs.
QUIET = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
DESKTOP, PHONE = (1280, 800), (390, 844)


def program() -> str | None:
    """The path of a browser, or None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextlib.contextmanager
def running(path: str) -> Iterator[Any]:
    """A browser that has started."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[f"--{option}" for option in QUIET])
        yield browser
        browser.close()


def problems(page: Any) -> list[str]:
    """What no page may have: a width that has to be scrolled, an unreachable table, a drawing without a text, text too faint to read."""
    return page.evaluate(
        """() => {
      const found = [];
      if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
      if (!document.documentElement.lang || document.querySelectorAll('h1').length !== 1) found.push('no language or headline');
      for (const svg of document.querySelectorAll('svg'))
        if (svg.getAttribute('aria-hidden') !== 'true' && !svg.getAttribute('aria-label')) found.push('drawing without a text');
      for (const box of document.querySelectorAll('.wide'))
        if (box.scrollWidth > box.clientWidth && box.tabIndex < 0 && !box.closest('details')) found.push('table out of reach');
      const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
          .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
      };
      const behind = element => {
        for (let at = element; at; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (colour !== 'rgba(0, 0, 0, 0)') return colour;
        }
        return 'rgb(255, 255, 255)';
      };
      for (const element of document.querySelectorAll('main *, nav *, footer *')) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || element.closest('svg') || !element.checkVisibility()) continue;
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
        if ((a + .05) / (b + .05) < 4.5) found.push('faint: ' + element.textContent.slice(0, 30));
      }
      return [...new Set(found)];
    }"""
    )
