"""CI runs the two commands README.md promises; the script that finds them finds them."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "readme-commands"
GROW = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/growgraph grow digits"
TEST = "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/python -m pytest"

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or not SCRIPT.is_file(), reason="needs bash and the .ci folder"
)


def readme(*block: str, heading: str = "## Install and grow") -> str:
    fence = "\n".join(["```bash", *block, "```"])
    return (
        f"# growgraph\n\n```\nother\n```\n\n{heading}\n\nSome words.\n\n{fence}\n\n```\nmore\n```\n"
    )


def run(tmp_path: Path, text: str) -> subprocess.CompletedProcess:
    path = tmp_path / "README.md"
    path.write_bytes(text.encode())
    return subprocess.run(["bash", SCRIPT, path], capture_output=True, text=True)


@pytest.mark.parametrize(
    "text",
    [
        readme(GROW, TEST),
        readme("# first", f"$ {GROW}", "", "# then", f"  {TEST}  "),
        readme(GROW, TEST).replace("\n", "\r\n"),
        readme(GROW, TEST, heading="## Install and grow  "),
    ],
    ids=["plain", "comments and prompts", "carriage returns", "trailing spaces"],
)
def test_both_commands_are_found(tmp_path, text):
    assert run(tmp_path, text).stdout.splitlines() == [GROW, TEST]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (readme(GROW, TEST, heading="## Installation"), "'## Install and grow' is missing"),
        ("## Install and grow\n\n## Next\n\n```\na\nb\n```\n", "found 0"),
        (readme(GROW), "exactly two one-line commands, found 1"),
        (readme(GROW, TEST, "echo"), "exactly two one-line commands, found 3"),
        (readme(TEST, GROW), "first command must end in a growgraph call"),
        (readme(GROW, GROW), "second command must run pytest"),
    ],
)
def test_a_wrong_readme_is_refused(tmp_path, text, message):
    result = run(tmp_path, text)
    assert result.returncode != 0
    assert message in result.stderr
    assert result.stdout == ""
