# SPDX-License-Identifier: Apache-2.0
"""The LocalStack that the patches of this folder are for."""

from patching import Release

RELEASE = Release("localstack-core", "4.14.0")
