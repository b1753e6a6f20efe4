# SPDX-License-Identifier: Apache-2.0
"""What a patch relies on inside the emulator, checked before anything starts.

The emulator deploys unknown things without complaint, so a hook that silently no longer fits would be worse
than no hook: every patch lists the names it replaces or calls in `REQUIRES`, and start-up fails on the first
one that is missing.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Iterable

SUPPORTED_VERSION = "1.5.33"


class PatchError(Exception):
    """The emulator is not the one these patches were written for."""


def check_version() -> None:
    """Refuses any other release: the patches replace private functions."""
    try:
        found = version("ministack")
    except PackageNotFoundError:
        raise PatchError("ministack is not installed in this Python environment") from None
    if found != SUPPORTED_VERSION:
        raise PatchError(f"ministack {found} is installed, the patches are for {SUPPORTED_VERSION}")


def check_requirements(patches: Iterable[ModuleType]) -> None:
    """Raises PatchError naming the patch and the missing name."""
    for patch in patches:
        for requirement in patch.REQUIRES:
            resolve(requirement, patch.__name__)


def resolve(requirement: str, patch: str) -> object:
    """The object behind `package.module:attribute.path`."""
    module_name, _, path = requirement.partition(":")
    try:
        found: object = importlib.import_module(module_name)
    except ImportError as error:
        raise PatchError(f"{patch} needs the module {module_name}: {error}") from error
    for name in filter(None, path.split(".")):
        if not hasattr(found, name):
            raise PatchError(f"{patch} needs {requirement}, which ministack {SUPPORTED_VERSION} has and this one has not")
        found = getattr(found, name)
    return found


def replace_text(text: str, old: str, new: str, patch: str) -> str:
    """Replaces the only occurrence of `old`; raises PatchError when there is not exactly one."""
    count = text.count(old)
    if count != 1:
        raise PatchError(f"{patch} expected one occurrence of {old!r} in the emulator's text, found {count}")
    return text.replace(old, new)


def handlers_of(resource_types: Iterable[str], patch: str) -> dict:
    """CloudFormation's table of resource handlers, checked to hold `resource_types`."""
    from ministack.services.cloudformation import provisioners

    for resource_type in resource_types:
        if "create" not in provisioners._RESOURCE_HANDLERS.get(resource_type, {}):
            raise PatchError(f"{patch} needs a CloudFormation handler for {resource_type}")
    return provisioners._RESOURCE_HANDLERS
