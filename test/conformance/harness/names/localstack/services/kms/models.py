# SPDX-License-Identifier: Apache-2.0
"""AWS's number, and names of LocalStack's own ciphertext format, which only its own tests use."""

# AWS KMS developer guide, "Perform on-demand key rotation": at most 25 for each key.
ON_DEMAND_ROTATION_LIMIT = 25
# How much a test cuts off a ciphertext to break it.
HEADER_LEN = 36
IV_LEN = 12


def Ciphertext(**_fields):
    raise NotImplementedError("LocalStack's ciphertext format")


_serialize_ciphertext_blob = Ciphertext
