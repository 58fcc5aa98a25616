# SPDX-License-Identifier: Apache-2.0
"""The examples of the README run, and mypy finds nothing in them."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

README = pathlib.Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


def run(*command, cwd, **more):
    return subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False, **more)


def test_there_are_examples():
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(number, tmp_path):
    program = tmp_path / "example.py"
    program.write_text(EXAMPLES[number])
    done = run(sys.executable, program, cwd=tmp_path, env={**os.environ, "NATIVE_DRM_STORAGE_DIR": str(tmp_path / "s")})
    assert done.returncode == 0 and "Warning" not in done.stdout, done.stdout


def test_types(tmp_path):
    """Of the examples, and of the package itself as a program sees it."""
    for number, example in enumerate(EXAMPLES):
        (tmp_path / f"example{number}.py").write_text(example)
    (tmp_path / "wrong.py").write_text("import native_drm\nnative_drm.MediaKeySystem(5)\n")
    done = run(sys.executable, "-m", "mypy", "--strict", *sorted(tmp_path.glob("example*.py")), cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    done = run(sys.executable, "-m", "mypy", "--strict", "wrong.py", cwd=tmp_path)
    assert done.returncode == 1 and "arg-type" in done.stdout, done.stdout
    done = run(sys.executable, "-m", "mypy", "--strict", "-p", "native_drm", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
