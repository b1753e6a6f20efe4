# SPDX-License-Identifier: Apache-2.0
"""Markers: any attribute is a pytest mark, `markers.aws.validated` becomes `aws_validated`."""

import pytest


class _Family:
    def __init__(self, prefix):
        self._prefix = prefix

    def __getattr__(self, name):
        return getattr(pytest.mark, self._prefix + name)


class markers:
    aws = _Family("aws_")
    snapshot = _Family("")
