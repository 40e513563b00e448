#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""conformance.py - the documented examples of the language, with their answers, and
queries of the field.

An example that fails must be named in docs/user/kql-differences.md, and one that is
named there must fail; every column has the type that Microsoft's binder infers; every
query of the field must parse.  Prints `N passed, N failed`.
The examples are in DAYBOOK_SHARED/kql; without them all are skipped.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.environ.get('DAYBOOK_SHARED', os.path.join(ROOT, '../shared')), 'kql')
DAYBOOK = os.environ.get('DAYBOOK', os.path.join(ROOT, 'build/daybook'))
CASES, FIELD = 392, 1367
# The page calls it a real, and shows one; the analyser knows no better than dynamic.
OTHER_TYPES = {('query/jaccard-index-function#1', 'jaccard')}


def batch(path, *options):
    done = subprocess.run([DAYBOOK, 'query', '--batch', path, *options], text=True, check=True,
                          stdout=subprocess.PIPE, timeout=300)
    return done.stdout


def differences():
    with open(os.path.join(ROOT, 'docs/user/kql-differences.md'), encoding='utf-8') as f:
        return set(re.findall(r'`([a-z-]+/[a-z0-9-]+#\d+)`', f.read()))


def geography(directory):
    """Leaves out shapes on the globe where the program was built without them."""
    path = os.path.join(directory, 'geo.jsonl')
    with open(path, 'w', encoding='utf-8') as f:
        f.write('{"id": "geo", "query": "print geo_point_to_s2cell(1, 1)"}\n')
    return ['--tag', '!geo'] if 'without the S2 library' in batch(path) else []


def wrong_types(cases, results):
    """Columns whose type is not the one that Microsoft's binder infers; a column that the page
    calls by another name is known by its place."""
    wanted = {}
    with open(cases, encoding='utf-8') as f:
        for case in map(json.loads, f):
            if 'graph' not in case['tags']:
                wanted[case['id']] = (case['columns'], case['types'] or [])
    for answer in map(json.loads, results.splitlines()):
        names, types = wanted.get(answer['id'], ([], []))
        by_name = dict(zip(names, types))
        columns = answer.get('columns', [])
        by_place = dict(zip(columns, types)) if len(columns) == len(names) else {}
        for name, kind in zip(columns, answer.get('types', [])):
            want = by_name.get(name, by_place.get(name))
            if want not in (None, kind) and (answer['id'], name) not in OTHER_TYPES:
                yield f"{answer['id']}: column {name} is {kind}, not {want}"


def examples(wrong):
    cases = os.path.join(SHARED, 'cases.dev.jsonl')
    with tempfile.TemporaryDirectory() as directory:
        results = os.path.join(directory, 'results.jsonl')
        report = os.path.join(directory, 'report.jsonl')
        answers = batch(cases)
        wrong.extend(wrong_types(cases, answers))
        with open(results, 'w', encoding='utf-8') as f:
            f.write(answers)
        subprocess.run([sys.executable, os.path.join(SHARED, 'compare.py'), cases, results,
                        *geography(directory), '--tag', '!graph', '--json', report],
                       check=False, stdout=subprocess.DEVNULL)
        with open(report, encoding='utf-8') as f:
            return [case for case in map(json.loads, f) if not case['suspect']]


def main():
    if not os.path.exists(os.path.join(SHARED, 'cases.dev.jsonl')):
        print(f'SKIPPED ({CASES + FIELD} cases): no kql/cases.dev.jsonl in DAYBOOK_SHARED')
        print(f'0 passed, 0 failed, {CASES + FIELD} skipped')
        return 0
    known = differences()
    passed, wrong = 0, []
    for case in examples(wrong):
        if case['status'] == 'pass' and case['id'] not in known:
            passed += 1
        elif case['status'] != 'pass' and case['id'] in known:
            print(f"differs, as documented: {case['id']}")
        elif case['status'] == 'pass':
            wrong.append(f"{case['id']} passes: take it off the page of differences")
        else:
            wrong.append(f"{case['id']}: {case['status']} {case['detail']}")
    for line in batch(os.path.join(SHARED, 'corpus.dev.jsonl'), '--check').splitlines():
        answer = json.loads(line)
        if answer.get('phase') == 'parse':
            wrong.append(f"{answer['id']}: {answer['error']}")
        else:
            passed += 1
    for text in wrong:
        print(text)
    print(f'{passed} passed, {len(wrong)} failed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
