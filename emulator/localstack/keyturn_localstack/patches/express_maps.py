# SPDX-License-Identifier: Apache-2.0
"""Accepts Distributed Maps whose children are EXPRESS, and runs the children as STANDARD.

LocalStack's grammar knows only STANDARD there. What differs on AWS is price, duration and history, not the path: an
EXPRESS child may run five minutes, which the time limits of our states keep.
@see localstack/services/stepfunctions/asl/parse/asl_parser.py, AmazonStateLanguageParser.parse
"""

import re

from keyturn_localstack.settings import Settings

REQUIRES = ("localstack.services.stepfunctions.asl.parse.asl_parser:AmazonStateLanguageParser.parse",)

EXPRESS = re.compile(r'("ExecutionType"\s*:\s*)"EXPRESS"')


def apply(settings: Settings) -> None:
    from localstack.services.stepfunctions.asl.parse.asl_parser import AmazonStateLanguageParser

    parse = AmazonStateLanguageParser.parse
    AmazonStateLanguageParser.parse = staticmethod(lambda definition: parse(as_standard(definition)))


def as_standard(definition: str) -> str:
    """The definition with every child execution STANDARD."""
    return EXPRESS.sub(r'\1"STANDARD"', definition)
