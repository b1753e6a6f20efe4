# SPDX-License-Identifier: Apache-2.0
"""The emulator that the patches of this folder are for, and what they check beside names."""

from typing import Iterable

from patching import PatchError, Release

RELEASE = Release("ministack", "1.5.33")


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
