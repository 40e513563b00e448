#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the stories of this directory in the order of their names.

usage: run.py [s50 ...]          the last line is `N passed, N failed[, N skipped]`
"""
import glob
import importlib
import os
import re
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, '../../tools'))
CASES = re.compile(r'\((\d+) cases?\)')


class Result(unittest.TestResult):
    """Says each story as it ends."""

    def __init__(self):
        super().__init__()
        self.passed = self.failed = self.skips = 0

    def startTest(self, test):  # noqa: N802  (its name is given)
        super().startTest(test)
        self.begin = time.monotonic()

    def tell(self, test, what, more=''):
        seconds = time.monotonic() - getattr(self, 'begin', time.monotonic())
        name = test.id() if hasattr(test, 'id') else str(test)
        print(f'{what:<8}{seconds:6.1f} s  {name}{more}', flush=True)

    def addSuccess(self, test):  # noqa: N802
        self.passed += 1
        self.tell(test, 'ok')

    def fail(self, test, problem):
        self.failed += 1
        self.tell(test, 'FAILED')
        print(self._exc_info_to_string(problem, test), flush=True)

    addFailure = addError = fail  # noqa: N815

    def addSubTest(self, test, subtest, problem):  # noqa: N802
        if problem is not None:
            self.fail(subtest, problem)

    def addSkip(self, test, reason):  # noqa: N802
        cases = CASES.search(reason)
        self.skips += int(cases[1]) if cases else 1
        self.tell(test, 'SKIPPED', f': {reason}')


def main():
    wanted = tuple(sys.argv[1:]) or ('s',)
    result = Result()
    for path in sorted(glob.glob(os.path.join(HERE, 's[0-9]*.py'))):
        name = os.path.basename(path)[:-len('.py')]
        if name.startswith(wanted):
            module = importlib.import_module(name)
            unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    skipped = f', {result.skips} skipped' if result.skips else ''
    print(f'{result.passed} passed, {result.failed} failed{skipped}')
    return 1 if result.failed else 0


if __name__ == '__main__':
    sys.exit(main())
