#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus.py - public security queries on an empty store and on generated records, and the
same queries broken.

A query whose tables are on docs/user/tables.md must bind and run, or stand in
test/kql/corpus-reasons.txt with its reason (and then it must fail).  1,000 queries with one
token broken must be refused by the parser at that token; 200 with an unknown column or a
wrong type by the binder at it.  Prints `N passed, N failed`.  The queries are in
DAYBOOK_SHARED/kql; without them all are skipped.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.environ.get('DAYBOOK_SHARED', os.path.join(ROOT, '../shared')), 'kql')
DAYBOOK = os.environ.get('DAYBOOK', os.path.join(ROOT, 'build/daybook'))
GENERATE = os.path.join(os.path.dirname(DAYBOOK), 'bench/daybook-generate')
CASES = 1367 * 2 + 1000 + 200
NOW = '2026-06-01T00:00:00Z'
BIND_SHARE = 0.95
REFUSED = 'external data is refused'


def daybook(*args, **more):
    return subprocess.run([DAYBOOK, *args], check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=600, **more).stdout


class Place:
    """A data directory with one tenant, with or without records."""

    def __init__(self, directory, records):
        self.data = os.path.join(directory, 'data')
        daybook('init', '--data', self.data)
        daybook('tenant', 'add', 'contoso', '--data', self.data)
        if records:
            path = os.path.join(directory, 'records.ndjson')
            with open(path, 'wb') as file:
                subprocess.run([GENERATE, '--tenants', '1', '--records', '5000', '--seed', '7'],
                               stdout=file, check=True, timeout=120)
            daybook('ingest', '--data', self.data, '--tenant', 'contoso', '--quiet', path)

    def ask(self, queries, *options):
        """Answers by id."""
        path = os.path.join(os.path.dirname(self.data), 'queries.jsonl')
        with open(path, 'w', encoding='utf-8') as file:
            for number, query in enumerate(queries):
                file.write(json.dumps({'id': number, 'query': query}) + '\n')
        out = daybook('query', '--batch', path, '--data', self.data, '--tenant', 'contoso',
                      '--now', NOW, *options)
        return [json.loads(line) for line in out.splitlines()]


def known_tables():
    with open(os.path.join(ROOT, 'docs/user/tables.md'), encoding='utf-8') as file:
        return set(re.findall(r'`([A-Za-z_]\w*)`', file.read()))


def reasons():
    with open(os.path.join(ROOT, 'test/kql/corpus-reasons.txt'), encoding='utf-8') as file:
        lines = [line.rstrip('\n') for line in file if line.strip() and line[0] != '#']
    return dict(line.split('\t') for line in lines)


# ---- running them ----

def check_field(queries, answers, where, result):
    """All parse; those over known tables bind and run, or have a reason."""
    tables, stated = known_tables(), reasons()
    wanted = failed = 0
    for query, answer in zip(queries, answers):
        name, error = query['id'], answer.get('error')
        of_ours = all(table in tables or '*' in table for table in query['tables'])
        wanted += of_ours
        failed += of_ours and error is not None and REFUSED not in error
        if answer.get('phase') == 'parse':
            result.bad(f'{where}: {name}: does not parse: {error}')
        elif error is None and name in stated:
            result.bad(f'{where}: {name} works: take it off corpus-reasons.txt')
        elif error is None or name in stated or not of_ours or REFUSED in error:
            result.good()
        else:
            result.bad(f'{where}: {name}: {error} ({answer["line"]}:{answer["column"]})')
    share = 1 - failed / wanted
    print(f'{where}: {share:.1%} of {wanted} queries over known tables work')
    if share < BIND_SHARE:
        result.bad(f'{where}: fewer than {BIND_SHARE:.0%} work')


# ---- breaking them ----

TOKEN = re.compile(r"""(?P<skip>\s+|//[^\n]*)|(?P<text>[hH]?@'(?:[^']|'')*'|[hH]?@"(?:[^"]|"")*"
    |[hH]?'(?:\\.|[^'\\\n])*'|[hH]?"(?:\\.|[^"\\\n])*"|```.*?```|~~~.*?~~~)
    |(?P<name>[A-Za-z_$][\w$]*(?:-[a-z]+)*)|(?P<number>\d[\w.]*)
    |(?P<sign>==|!=|<=|>=|=~|!~|=>|\.\.|.)""", re.X | re.S)


def tokens(text):
    return [match for match in TOKEN.finditer(text) if match.lastgroup != 'skip']


def position(text, at):
    line = text.count('\n', 0, at) + 1
    return line, at - (text.rfind('\n', 0, at) + 1) + 1


def bars(found):
    """The operators behind a bar: (bar, operator)."""
    return [(one, two) for one, two in zip(found, found[1:])
            if one[0] == '|' and two.lastgroup == 'name' and one.lastgroup == 'sign']


def broken(text, number):
    """The text with one token broken, and where that is; None if it has no such place."""
    found = tokens(text)
    places = bars(found)
    if not places or 'dynamic' in text and number % 7 == 6:
        return None
    bar, operator = places[number % len(places)]
    kind = number % 7
    at = operator.start()
    if kind == 0:  # an operator that is none
        return text[:at] + 'zz' + text[at:], at
    if kind == 1:  # a bar twice
        return text[:at] + '| ' + text[at:], at
    if kind == 2:  # a comma for an operator
        return text[:at] + ', ' + text[at:], at
    if kind == 3:  # a sign that the language has not
        return text[:at] + '\u00a7 ' + text[at:], at
    if kind == 4:  # a bracket too many, at the very end
        base = text.rstrip().rstrip(';')
        return (base + '\n)', len(base) + 1) if '//' not in base.rsplit('\n', 1)[-1] else None
    if kind == 5:  # an operator missing at the end
        base = text.rstrip().rstrip(';')
        return (base + '\n|', len(base) + 2) if '//' not in base.rsplit('\n', 1)[-1] else None
    equals = [token for token in found if token[0] == '==']
    if not equals:
        return None
    at = equals[number % len(equals)].end()  # a third '='
    return text[:at] + '=' + text[at:], at


def check_parse(place, queries, result):
    cases = []
    number = 0
    while len(cases) < 1000:
        case = broken(queries[number % len(queries)]['query'], number)
        if case is not None:
            cases.append(case)
        number += 1
    answers = place.ask([text for text, _ in cases], '--check')
    for (text, at), answer in zip(cases, answers):
        want = position(text, at)
        got = (answer.get('line'), answer.get('column'))
        if answer.get('phase') == 'parse' and got == want:
            result.good()
        else:
            result.bad(f'broken at {want}, refused at {got}: {answer.get("error")}\n{text[:300]}')


# An operator, and where in it the mistake stands.
WRONG = [
    ('where TimeGenerated', 6),
    ('extend zz9 = nosuch9 + 1', 13),
    ("where ago('1d') > now()", 10),
    ('where TimeGenerated > true', 20),
    ('project nosuch9', 8),
    ('extend zz9 = strlen(1, 2)', 13),
    ('summarize sum(Type)', 14),
    ('where not(Type)', 10),
    ('sort by nosuch9', 8),
    ('extend zz9 = TimeGenerated * 2', 27),
    ('where Type.member == 1', 11),
    ('extend zz9 = nosuchfunction9(1)', 13),
]


def check_bind(place, queries, good, result):
    """An operator with a mistake behind a table's name that starts a line."""
    cases = []
    number = 0
    while len(cases) < 200:
        query = queries[number % len(queries)]
        operator, offset = WRONG[number % len(WRONG)]
        number += 1
        table = query['tables'][0] if len(query['tables']) == 1 and query['id'] in good else None
        start = re.search(rf'^{table}\b[ \t]*$', query['query'], re.M) if table else None
        if start is None or '*' in table:
            continue
        at = start.end()
        cases.append((query['query'][:at] + '\n| ' + operator + query['query'][at:],
                      at + 3 + offset))
    answers = place.ask([text for text, _ in cases], '--check')
    for (text, at), answer in zip(cases, answers):
        want = position(text, at)
        got = (answer.get('line'), answer.get('column'))
        if answer.get('phase') == 'bind' and got == want:
            result.good()
        else:
            result.bad(f'wrong at {want}, refused at {got}: {answer.get("error")}\n{text[:300]}')


class Result:
    passed = 0

    def __init__(self):
        self.wrong = []

    def good(self):
        self.passed += 1

    def bad(self, text):
        self.wrong.append(text)


def main():
    path = os.path.join(SHARED, 'corpus.dev.jsonl')
    if not os.path.exists(path):
        print(f'SKIPPED ({CASES} cases): no kql/corpus.dev.jsonl in DAYBOOK_SHARED')
        print(f'0 passed, 0 failed, {CASES} skipped')
        return 0
    with open(path, encoding='utf-8') as file:
        queries = [json.loads(line) for line in file]
    texts = [query['query'] for query in queries]
    result = Result()
    # Each question waits for its audit record: three stores wait at the same time.
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, \
            tempfile.TemporaryDirectory() as three, ThreadPoolExecutor(3) as pool:
        empty = Place(one, False)
        answers = pool.submit(empty.ask, texts)
        filled = pool.submit(Place(two, True).ask, texts)
        check_parse(Place(three, False), queries, result)
        check_field(queries, answers.result(), 'empty store', result)
        check_field(queries, filled.result(), 'generated records', result)
        good = {query['id'] for query, answer in zip(queries, answers.result())
                if 'error' not in answer}
        check_bind(empty, queries, good, result)
    for text in result.wrong:
        print(text)
    print(f'{result.passed} passed, {len(result.wrong)} failed')
    return 1 if result.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
