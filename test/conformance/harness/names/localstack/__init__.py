# SPDX-License-Identifier: Apache-2.0
"""The few names that LocalStack's KMS tests import from LocalStack, so that they run without it."""
