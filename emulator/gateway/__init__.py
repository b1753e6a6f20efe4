# SPDX-License-Identifier: Apache-2.0
"""The local AWS front door: ministack, with the gaps that Keyturn relies on closed by one small patch each."""
