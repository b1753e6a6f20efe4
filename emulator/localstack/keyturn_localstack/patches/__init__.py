# SPDX-License-Identifier: Apache-2.0
"""The patches, in the order they are applied. Each module has `REQUIRES` and `apply(settings)`."""

from keyturn_localstack.patches import (
    api_authorizers,
    cloudtrail_events,
    deleted_machines,
    dynamodb_server,
    early_answers,
    express_maps,
    form_bodies,
    function_processes,
    key_route,
    parse_caches,
    rule_input,
    schedule_clock,
    sdk_error_names,
    session_names,
    stack_authorizers,
    stack_keys,
    wait_scale,
)

ALL = (
    function_processes,
    dynamodb_server,
    key_route,
    stack_keys,
    stack_authorizers,
    cloudtrail_events,
    api_authorizers,
    form_bodies,
    parse_caches,
    deleted_machines,
    express_maps,
    early_answers,
    session_names,
    sdk_error_names,
    wait_scale,
    rule_input,
    schedule_clock,
)
