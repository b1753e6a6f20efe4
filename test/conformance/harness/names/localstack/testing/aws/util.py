# SPDX-License-Identifier: Apache-2.0
"""The tests run as they do against LocalStack, but for what their conftest makes stricter."""


def is_aws_cloud():
    return False


def in_default_partition():
    return True
