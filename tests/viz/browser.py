"""What tests do with a page of the player and see on it."""

import io

from matplotlib.image import imread


def settle(page):
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def stage(page):
    return page.locator("#graph").bounding_box()


def spot(page, node):
    """Where a node stands on the page."""
    x, y = page.evaluate(
        "id => { const [x, y] = placeOf(indexOf(id)); return [sx(x), sy(y)]; }", int(node)
    )
    box = stage(page)
    return box["x"] + x, box["y"] + y


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*((a + b) / 2 for a, b in zip(start, end)))
    page.mouse.move(*end)
    page.mouse.up()
    settle(page)


def moment(page):
    return page.evaluate("Math.round(state.moment)")


def places(page):
    """Place of each unit that is drawn, rounded."""
    return dict(page.evaluate("items.map(it => [it.u, [it.x.toFixed(3), it.y.toFixed(3)].join()])"))


def pixels(page, x, y, half=14):
    """Colours [pixels, 3] around a place on the page."""
    clip = {"x": x - half, "y": y - half, "width": 2 * half, "height": 2 * half}
    return 255 * imread(io.BytesIO(page.screenshot(clip=clip)))[:, :, :3].reshape(-1, 3)


def until(page, what):
    """Wait for a condition; the page's own policy forbids the driver's way of waiting."""
    for _ in range(600):
        if page.evaluate(what):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never so: {what}")
