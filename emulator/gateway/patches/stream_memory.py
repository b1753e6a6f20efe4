# SPDX-License-Identifier: Apache-2.0
"""Saves the records of DynamoDB streams together with their consumers' positions.

ministack saves how far a function has read a stream, but not the stream: after a restart the stream begins at
zero, the consumer waits behind its old position, and as many changes as it had read before are never delivered.
"""

import copy

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.dynamodb:get_state",
    "ministack.services.dynamodb:load_persisted_state",
    "ministack.services.dynamodb:_stream_records",
    "ministack.services.dynamodb:_stream_trimmed",
    "ministack.services.dynamodb:_stream_seq_counter",
)

RECORDS, TRIMMED, SEQUENCE = "keyturn_stream_records", "keyturn_stream_trimmed", "keyturn_stream_sequence"


def apply(settings: Settings) -> None:
    from ministack.services import dynamodb

    get, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state():
        return {
            **get(),
            RECORDS: copy.deepcopy(dynamodb._stream_records),
            TRIMMED: copy.deepcopy(dynamodb._stream_trimmed),
            SEQUENCE: dynamodb._stream_seq_counter,
        }

    def load_persisted_state(data):
        result = load(data)
        dynamodb._stream_records.update(data.get(RECORDS, {}))
        dynamodb._stream_trimmed.update(data.get(TRIMMED, {}))
        dynamodb._stream_seq_counter = data.get(SEQUENCE, 0)
        return result

    dynamodb.get_state = get_state
    dynamodb.load_persisted_state = load_persisted_state
