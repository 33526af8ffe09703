"""The part of the build that pyproject.toml cannot say: the project's top-level folders go into the wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("asterisk-config", "config", "sql")


class BuildWithFolders(build_py):
    """Copies them to where controller/resources.py looks for them; an editable installation has them beside it."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, "controller", "resources")
        shutil.rmtree(target, ignore_errors=True)
        for name in FOLDERS:
            shutil.copytree(name, target / name)


setup(cmdclass={"build_py": BuildWithFolders})
