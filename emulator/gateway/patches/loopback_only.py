# SPDX-License-Identifier: Apache-2.0
"""Keeps the emulator off port 443.

With TLS on, ministack also listens on 443 whenever the process may bind it (as root it may). Keyturn uses the
one port it chose, and must not take a machine-wide one.
"""

from gateway.settings import Settings

REQUIRES = ("ministack.app:_port_is_bindable", "ministack.app:main")


def apply(settings: Settings) -> None:
    import ministack.app

    ministack.app._port_is_bindable = lambda host, port: False
