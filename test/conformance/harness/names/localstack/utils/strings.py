# SPDX-License-Identifier: Apache-2.0
import uuid


def short_uid():
    return uuid.uuid4().hex[:8]


def to_str(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value
