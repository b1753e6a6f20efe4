# SPDX-License-Identifier: Apache-2.0
"""Hands KMS and CloudHSM v2 calls to the key endpoint, for whichever emulator stands in front of it."""
