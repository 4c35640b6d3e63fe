"""No window for the tests of pictures, a browser for those of the player's page."""

import shutil

import matplotlib
import matplotlib.pyplot as plt
import pytest

from growgraph.viz import animate
from tests.viz.browser import settle

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_WITHOUT = "no browser: apt-get install chromium, pip install playwright"


@pytest.fixture(autouse=True)
def _no_window():
    """No window, no figure but the test's own, and nothing global changed."""
    plt.switch_backend("agg")
    plt.close("all")  # whatever ran before in this process
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    plt.close("all")


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; without it what asks for it is skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason=_WITHOUT)
    path = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if path is None:
        pytest.skip(_WITHOUT)
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def show(browser, tmp_path):
    """Open the player of a graph; at the end no error, dialog or request may have been seen."""
    trouble, contexts = [], []

    def call(thing, *, ask=None, width=1000, height=640, **options):
        path = tmp_path / f"{len(contexts)}.html"
        animate(thing, **(ask or {})).save(path)
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: trouble.append(dialog.message))
        page.on("request", lambda r: None if r.url == path.as_uri() else trouble.append(r.url))
        page.goto(path.as_uri())
        settle(page)
        return page

    yield call
    for context in contexts:
        context.close()
    assert trouble == []
