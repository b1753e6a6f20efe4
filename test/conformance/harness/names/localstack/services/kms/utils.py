# SPDX-License-Identifier: Apache-2.0
"""The hash of a signing algorithm: SHA_256 of RSASSA_PSS_SHA_256."""


def get_hash_algorithm(signing_algorithm):
    return signing_algorithm[signing_algorithm.index("SHA_") :]
