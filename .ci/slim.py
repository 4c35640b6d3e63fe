"""Make pictures in notebooks small after they were run: python .ci/slim.py FILE.ipynb ..."""

import base64
import io
import json
import sys
from pathlib import Path

from PIL import Image

COLOURS = 128


def slim(png):
    """A PNG of few colours, base64 in and out; as it was if that is no shorter."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    flat = Image.new("RGB", picture.size, "white")
    rgba = picture.convert("RGBA")
    flat.paste(rgba, mask=rgba)
    held = io.BytesIO()
    few = flat.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(held, "png", optimize=True)
    found = base64.b64encode(held.getvalue()).decode() + "\n"
    return min(png, found, key=len)


def main():
    """Rewrite the notebooks named."""
    for path in map(Path, sys.argv[1:]):
        book = json.loads(path.read_text("utf-8"))
        for cell in book["cells"]:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                if "image/png" in data:
                    data["image/png"] = slim("".join(data["image/png"]))
        text = json.dumps(book, indent=1, ensure_ascii=False) + "\n"
        print(f"{path}: {path.stat().st_size:,} -> {len(text.encode()):,} bytes")
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
