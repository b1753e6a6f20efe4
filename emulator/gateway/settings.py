# SPDX-License-Identifier: Apache-2.0
"""The launcher's own settings: those that any launcher has."""

from starting import Settings, members


def of(raw: dict) -> Settings:
    """The settings of a parsed file; raises KeyError naming a missing member."""
    return Settings(**members(raw))
