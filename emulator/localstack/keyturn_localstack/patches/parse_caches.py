# SPDX-License-Identifier: Apache-2.0
"""Keeps what Step Functions has parsed: JSONPaths and definitions.

LocalStack parses a path each time it is evaluated, and the library computes the tables of its grammar each time: six
tenths of what an execution cost. A definition it parses to check it, at each start, and once more for usage metrics,
which nobody collects here.
@see localstack/services/stepfunctions/asl/utils/json_path.py, extract_json
"""

from collections import OrderedDict
from functools import lru_cache

from keyturn_localstack.settings import Settings

REQUIRES = (
    "localstack.services.stepfunctions.provider:UsageMetricsStaticAnalyser.process",
    "localstack.services.stepfunctions.asl.component.common.path.result_path:parse",
    "localstack.services.stepfunctions.asl.utils.json_path:parse",
    "localstack.services.stepfunctions.asl.antlr.runtime.ASLParser:ASLParser.state_machine",
)

PATHS = 10_000
# An app has some dozens; the tree of a large one takes megabytes.
DEFINITIONS = 32


def apply(settings: Settings) -> None:
    from localstack.services.stepfunctions.asl.antlr.runtime.ASLParser import ASLParser
    from localstack.services.stepfunctions.asl.component.common.path import result_path
    from localstack.services.stepfunctions.asl.utils import json_path
    from localstack.services.stepfunctions.provider import UsageMetricsStaticAnalyser

    for module in (json_path, result_path):
        module.parse = lru_cache(PATHS)(module.parse)
    UsageMetricsStaticAnalyser.process = staticmethod(lambda definition: None)
    ASLParser.state_machine = keeping_trees(ASLParser.state_machine)


def keeping_trees(parse):
    """A method of the parser that parses each text without errors once; whoever walks the tree changes nothing in it."""
    kept: OrderedDict[str, object] = OrderedDict()

    def state_machine(parser):
        text = parser.getTokenStream().tokenSource.inputStream.strdata
        tree = kept.get(text)
        if tree is None:
            tree = parse(parser)
            if parser.getNumberOfSyntaxErrors() == 0:
                kept[text] = tree
                while len(kept) > DEFINITIONS:
                    kept.popitem(last=False)
        return tree

    return state_machine
