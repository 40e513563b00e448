#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""corpus.py - public security queries on an empty store and on generated records, and the
same queries broken.

A query whose tables are on docs/user/tables.md must bind and run, or stand in
test/kql/corpus-reasons.txt with its reason (and then it must fail).  What is refused because
it reads external data is counted apart.  1,000 queries with one token broken (dropped,
doubled, swapped, replaced ...: see BREAKS) must be refused by the parser at that token; 200
with an unknown column or a wrong type by the binder at it.  Prints `N passed, N failed`.  The
queries are in DAYBOOK_SHARED/kql; without them all are skipped.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
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
    """All parse; those over known tables bind and run, or have a reason.  What is refused is
    counted by why, so that no total hides it."""
    tables, stated = known_tables(), reasons()
    counts = Counter()
    for query, answer in zip(queries, answers):
        name, error = query['id'], answer.get('error')
        of_ours = all(table in tables or '*' in table for table in query['tables'])
        kind = ('works' if error is None else 'external' if REFUSED in error
                else 'stated' if name in stated else 'failed' if of_ours else 'absent')
        counts[kind] += 1
        counts['ours'] += of_ours and kind != 'external'
        counts['lost'] += of_ours and kind in ('stated', 'failed')
        if answer.get('phase') == 'parse':
            result.bad(f'{where}: {name}: does not parse: {error}')
        elif error is None and name in stated:
            result.bad(f'{where}: {name} works: take it off corpus-reasons.txt')
        elif kind == 'failed':
            result.bad(f'{where}: {name}: {error} ({answer["line"]}:{answer["column"]})')
        elif kind == 'external':
            result.apart += 1
        else:
            result.good()
    share = 1 - counts['lost'] / counts['ours']
    print(f'{where}: {share:.1%} of {counts["ours"]} queries over known tables work')
    print(f'{where}: {counts["works"]} work; refused: {counts["external"]} for external data '
          f'(neither passed nor failed), {counts["absent"]} over tables that are not known, '
          f'{counts["stated"]} with a reason in corpus-reasons.txt')
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


# Functions whose argument cannot stand behind their name alone.
CALLS = {'ago', 'bin', 'isempty', 'isnotempty', 'max', 'min', 'tolower', 'tostring', 'toint',
         'parse_json', 'make_set', 'dcount', 'strcat', 'datetime_diff', 'split', 'any', 'arg_max'}


class Query:
    """The text of a query and its tokens; `number` chooses among places that are alike."""

    def __init__(self, text, number):
        self.text, self.number = text, number
        self.tokens = tokens(text)
        self.pairs = list(zip(self.tokens, self.tokens[1:]))

    def choose(self, places):
        return places[self.number % len(places)] if places else None

    def bar(self):
        """(bar, operator, what is behind it) of one of the operators, or None."""
        places = [(one, two, three) for (one, two), three in zip(self.pairs, self.tokens[2:])
                  if one[0] == '|' and one.lastgroup == 'sign' and two.lastgroup == 'name']
        return self.choose(places)

    def literal(self):
        """(==, the literal behind it) of one of the comparisons, or None."""
        return self.choose([(one, two) for one, two in self.pairs
                            if one[0] == '==' and two.lastgroup in ('text', 'number')])

    def call(self):
        """(bracket, first argument) of one of the calls, or None."""
        return self.choose([(one, two) for (name, one), (_, two) in zip(self.pairs, self.pairs[1:])
                            if name[0] in CALLS and one[0] == '(' and one.start() == name.end()
                            and two.lastgroup != 'sign'])

    def comma(self):
        if 'datatable' in self.text or 'dynamic' in self.text:
            return None
        return self.choose([token for token in self.tokens if token[0] == ','])

    def end(self):
        """The text up to its last token; None where a comment is behind."""
        base = self.text.rstrip().rstrip(';')
        return base if '//' not in base.rsplit('\n', 1)[-1] else None

    def put(self, at, more, until=None):
        """The text with more at a place, perhaps for what stood there; and the place."""
        return self.text[:at] + more + self.text[at if until is None else until:], at


def spoilt_operator(q):
    found = q.bar()
    return found and q.put(found[1].start(), 'zz')


def doubled_bar(q):
    found = q.bar()
    return found and q.put(found[1].start(), '| ')


def comma_before_operator(q):
    found = q.bar()
    return found and q.put(found[1].start(), ', ')


def foreign_sign(q):
    found = q.bar()
    return found and q.put(found[1].start(), '\u00a7 ')


def bracket_too_many(q):
    base = q.end()
    return base and (base + '\n)', len(base) + 1)


def operator_missing_at_end(q):
    base = q.end()
    return base and (base + '\n|', len(base) + 2)


def third_equals(q):
    equals = q.choose([token for token in q.tokens if token[0] == '=='])
    return equals and 'dynamic' not in q.text and q.put(equals.end(), '=')


def dropped_bar(q):
    found = q.bar()
    if not found or 'parse' in q.text:  # a pattern of parse would take the name
        return None
    bar, operator, _ = found
    return q.text[:bar.start()] + ' ' + q.text[bar.end():], operator.start()


def dropped_operator(q):
    found = q.bar()
    if not found or found[2].lastgroup != 'name' or found[1][0] == 'evaluate':
        return None
    _, operator, behind = found
    if not behind[0][0].isupper():  # `count` and the like are operators, too
        return None
    text = q.text[:operator.start()] + q.text[behind.start():]
    return text, operator.start()


def doubled_comparison(q):
    found = q.literal()
    return found and (q.put(found[0].end(), ' ==')[0], found[0].end() + 1)


def doubled_comma(q):
    found = q.comma()
    return found and q.put(found.end(), ',')


def swapped_bar(q):
    found = q.bar()
    if not found or 'parse' in q.text:
        return None
    bar, operator, _ = found
    at = bar.start()
    return q.put(at, f' {operator[0]} |', operator.end())[0], at + 1


def swapped_operand(q):
    found = q.literal()
    if not found:
        return None
    at = found[0].start()
    return q.put(at, f' {found[1][0]} ==', found[1].end())[0], at + 1


def number_for_operator(q):
    found = q.bar()
    return found and q.put(found[1].start(), '42', found[1].end())


def text_for_comparison(q):
    found = q.literal()
    return found and q.put(found[0].start(), '"zz"', found[0].end())


def bracket_not_opened(q):
    found = q.call()
    return found and (q.put(found[0].start(), ' ', found[1].start())[0], found[0].start() + 1)


def bracket_not_closed(q):
    found = q.tokens[:-1] if q.tokens[-1][0] == ';' else q.tokens
    return found[-1][0] == ')' and (q.text[:found[-1].start()], found[-2].end())


BREAKS = [spoilt_operator, doubled_bar, comma_before_operator, foreign_sign, bracket_too_many,
          operator_missing_at_end, third_equals, dropped_bar, dropped_operator, doubled_comparison,
          doubled_comma, swapped_bar, swapped_operand, number_for_operator, text_for_comparison,
          bracket_not_opened, bracket_not_closed]
EACH_BREAK = 15  # cases at least


def check_parse(place, queries, result):
    cases = []
    number = 0
    while len(cases) < 1000:
        broken = BREAKS[number % len(BREAKS)]
        case = broken(Query(queries[number % len(queries)]['query'], number))
        if case:
            cases.append((broken.__name__, *case))
        number += 1
    counts = Counter(kind for kind, _, _ in cases)
    print('broken: ' + ', '.join(f'{counts[one.__name__]} {one.__name__}' for one in BREAKS))
    if min(counts[one.__name__] for one in BREAKS) < EACH_BREAK:
        result.bad(f'fewer than {EACH_BREAK} cases of a kind of breaking')
    answers = place.ask([text for _, text, _ in cases], '--check')
    for (kind, text, at), answer in zip(cases, answers):
        want = position(text, at)
        got = (answer.get('line'), answer.get('column'))
        if answer.get('phase') == 'parse' and got == want:
            result.good()
        else:
            result.bad(f'{kind} at {want}, refused at {got}: {answer.get("error")}\n{text[:300]}')


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
    passed = apart = 0

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
    print(f'{result.apart} refused for external data, which no host is allowed for here')
    print(f'{result.passed} passed, {len(result.wrong)} failed')
    return 1 if result.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
