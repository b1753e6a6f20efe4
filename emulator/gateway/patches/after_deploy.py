# SPDX-License-Identifier: Apache-2.0
"""Runs a function after CloudFormation created or updated a resource, with its name and template properties."""

from typing import Callable

from gateway.contract import handlers_of


def applied_after(resource_type: str, put: Callable[[str, dict], None], patch: str) -> None:
    """Wraps create and, where there is one, update of a resource type."""
    handler = handlers_of((resource_type,), patch)[resource_type]
    create, update = handler["create"], handler.get("update")

    def created(logical_id, props, stack_name):
        result = create(logical_id, props, stack_name)
        put(result[0], props)
        return result

    def updated(physical_id, old_props, new_props, stack_name, *logical_id):
        result = update(physical_id, old_props, new_props, stack_name, *logical_id)
        put(result[0], new_props)
        return result

    handler["create"] = created
    if update is not None:
        handler["update"] = updated


def is_true(value: object) -> bool:
    """A template boolean, which may arrive as text."""
    return str(value).lower() == "true"
