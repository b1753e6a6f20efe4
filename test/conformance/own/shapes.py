# SPDX-License-Identifier: Apache-2.0
"""Checks the JSON of an answer against botocore's model: every member known, of its type, and no required one absent."""

import base64
import binascii
import json

NUMBERS = (int, float)


def _is_base64(value):
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError):
        return False
    return True


def _scalar_is(kind, value):
    if kind == "string":
        return isinstance(value, str)
    if kind in ("integer", "long"):
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "timestamp":
        return isinstance(value, NUMBERS) and not isinstance(value, bool)
    return kind == "blob" and _is_base64(value)


def _structure_problems(shape, value, path):
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is not a structure"]
    absent = [name for name in shape.required_members if name not in value]
    problems = [f"{path}.{name}: required and absent" for name in absent]
    for name, item in value.items():
        member = shape.members.get(name)
        where = f"{path}.{name}"
        problems += (
            [f"{where}: not in the model"] if member is None else problems_of(member, item, where)
        )
    return problems


def problems_of(shape, value, path):
    """What is wrong with a JSON value, as sentences."""
    kind = shape.type_name
    if kind == "structure":
        return _structure_problems(shape, value, path)
    if kind == "list":
        if not isinstance(value, list):
            return [f"{path}: {value!r} is not a list"]
        return [text for item in value for text in problems_of(shape.member, item, path + "[]")]
    if kind == "map":
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is not a map"]
        return [text for item in value.values() for text in problems_of(shape.value, item, path)]
    if not _scalar_is(kind, value):
        return [f"{path}: {value!r} is no {kind}"]
    values = getattr(shape, "enum", None)
    return [f"{path}: {value!r} is none of {values}"] if values and value not in values else []


def answer_problems(operation, status, body):
    """What is wrong with an answer as a whole; `operation` is botocore's model of it."""
    name = operation.name
    if status >= 300:
        return error_problems(operation, status, body)
    if operation.output_shape is None:
        return [] if body in (b"", b"{}") else [f"{name}: a body where the model has none"]
    return problems_of(operation.output_shape, json.loads(body or b"{}"), name)


# AWS documents, "Common Errors": of every operation of KMS and CloudHSM, though the model does not name them.
COMMON = {
    "AccessDeniedException",
    "InternalFailure",
    "SerializationException",
    "ThrottlingException",
    "UnknownOperationException",
    "ValidationException",
}


def error_problems(operation, status, body):
    error = json.loads(body)
    code = error.get("__type")
    declared = {shape.name: shape for shape in operation.error_shapes}
    if code not in declared:
        return [] if code in COMMON else [f"{operation.name}: {code} is no error of it"]
    wanted = declared[code].metadata.get("error", {}).get("httpStatusCode", status)
    problems = [] if wanted == status else [f"{operation.name}: {code} with status {status}"]
    members = {name: value for name, value in error.items() if name != "__type"}
    known = {name.lower() for name in declared[code].members}
    return problems + [
        f"{operation.name}: {code} has a member {name}"
        for name in members
        if name.lower() not in known
    ]
