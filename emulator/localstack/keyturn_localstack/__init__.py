# SPDX-License-Identifier: Apache-2.0
"""LocalStack as a second emulator of Keyturn's AWS: functions as processes, keys from the key endpoint."""
