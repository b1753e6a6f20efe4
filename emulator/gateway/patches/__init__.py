# SPDX-License-Identifier: Apache-2.0
"""The patches, in the order they are applied. Each module has `REQUIRES` and `apply(settings)`."""

from gateway.patches import (
    admin_paths,
    bucket_properties,
    function_errors,
    function_log_wait,
    function_properties,
    key_authorization,
    key_route,
    loopback_only,
    retry_delays,
    schedule_clock,
    schedule_memory,
    schedule_properties,
    sdk_error_names,
    stack_keys,
    state_machine_role,
    table_properties,
    target_role,
    task_deadlines,
)

ALL = (
    loopback_only,
    admin_paths,
    key_authorization,
    key_route,
    state_machine_role,
    sdk_error_names,
    task_deadlines,
    retry_delays,
    function_errors,
    function_log_wait,
    target_role,
    schedule_clock,
    schedule_memory,
    stack_keys,
    bucket_properties,
    table_properties,
    function_properties,
    schedule_properties,
)
