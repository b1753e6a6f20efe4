# SPDX-License-Identifier: Apache-2.0
"""What a patch relies on inside an emulator, checked before anything starts.

An emulator deploys unknown things without complaint, so a hook that silently no longer fits would be worse
than no hook: every patch lists the names it replaces or calls in `REQUIRES`, and start-up fails on the first
one that is missing.
"""

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Iterable


class PatchError(Exception):
    """The emulator is not the one these patches were written for."""


@dataclass(frozen=True)
class Release:
    """The one release of a distribution that patches were written for: they replace private functions."""

    distribution: str
    version: str

    def check(self) -> None:
        """Refuses any other release."""
        try:
            found = version(self.distribution)
        except PackageNotFoundError:
            raise PatchError(f"{self.distribution} is not installed in this Python environment") from None
        if found != self.version:
            raise PatchError(f"{self.distribution} {found} is installed, the patches are for {self.version}")

    def check_requirements(self, patches: Iterable[ModuleType]) -> None:
        """Raises PatchError naming the patch and the missing name."""
        for patch in patches:
            for requirement in patch.REQUIRES:
                self.resolve(requirement, patch.__name__)

    def resolve(self, requirement: str, patch: str) -> object:
        """The object behind `package.module:attribute.path`."""
        module_name, _, path = requirement.partition(":")
        try:
            found: object = importlib.import_module(module_name)
        except ImportError as error:
            raise PatchError(f"{patch} needs the module {module_name}: {error}") from error
        for name in filter(None, path.split(".")):
            if not hasattr(found, name):
                known = f"{self.distribution} {self.version}"
                raise PatchError(f"{patch} needs {requirement}, which {known} has and this one has not")
            found = getattr(found, name)
        return found
