"""Reads SARIF and JUnit's XML with libraries that others wrote, and says what they found in them."""

import json
import sys

from junitparser import Failure, JUnitXml
from sarif_pydantic import Sarif


def main(sarif, junit):
    with open(sarif, encoding="utf-8") as file:
        log = Sarif.model_validate(json.load(file))
    run = log.runs[0]
    rules = [rule.id for rule in run.tool.driver.rules]
    for result in run.results:
        assert rules[result.rule_index] == result.rule_id, result
        place = result.locations[0].physical_location
        line, file = place.region.start_line, place.artifact_location.uri
        print("sarif", result.level.value, result.rule_id, "{}:{}".format(file, line))
    for suite in JUnitXml.fromfile(junit):
        print("junit", suite.name, "tests", suite.tests, "failures", suite.failures)
        for case in suite:
            failed = [one for one in case.result if isinstance(one, Failure)]
            print("junit", case.name, ascii(failed[0].message) if failed else "passed")


main(*sys.argv[1:])
