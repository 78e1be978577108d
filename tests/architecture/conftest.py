"""Fixtures of the rules about the code itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.code import ROOT


@pytest.fixture
def run_tool():
    """Runs a tool of the virtual environment in the repository and gives its result."""

    def _run(name, *arguments, cwd=ROOT, env=None):
        program = Path(sys.executable).with_name(name)
        return subprocess.run(
            [program, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300
        )

    return _run
