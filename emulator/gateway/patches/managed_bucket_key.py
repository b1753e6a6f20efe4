# SPDX-License-Identifier: Apache-2.0
"""Lets S3 encrypt under `aws:kms` without a named key.

AWS then takes the bucket's default key, else the account's managed key `aws/s3`. ministack has no such key and
refuses the write, which stops CDK's own asset bucket as soon as its default encryption is honoured.
"""

from gateway.settings import Settings

REQUIRES = (
    "ministack.services.s3:_resolve_sse_write_headers",
    "ministack.services.s3:_bucket_default_sse_headers",
)

ALGORITHM, KEY_ID = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
MANAGED_KEY = "alias/aws/s3"


def apply(settings: Settings) -> None:
    from ministack.services import s3

    original = s3._resolve_sse_write_headers

    def resolve(headers, bucket_name):
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(KEY_ID):
            default = s3._bucket_default_sse_headers(bucket_name).get(KEY_ID, MANAGED_KEY)
            headers = {**headers, KEY_ID: default}
        return original(headers, bucket_name)

    s3._resolve_sse_write_headers = resolve
