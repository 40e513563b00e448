#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zones.py - every time zone of the system, against Python's own reader of the same files.

Instants of 1850 to 2399 by chance, and the seconds around each change in some years, from
UTC and to UTC.  Prints `N passed, N failed`; a case is a zone.
"""
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import zoneinfo

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DAYBOOK = os.environ.get('DAYBOOK', os.path.join(ROOT, 'build/daybook'))
UTC = datetime.timezone.utc
YEARS = (1916, 1945, 1974, 1996, 2011, 2024, 2037, 2038, 2100, 2255)
SECOND = datetime.timedelta(seconds=1)
DAY = datetime.timedelta(days=1)


def offset_at(zone, at):
    return at.astimezone(zone).utcoffset()


def change_before(zone, at):
    """The first second of the offset that holds at a time, but not a day before."""
    low, high = at - DAY, at
    while high - low > SECOND:
        middle = low + datetime.timedelta(seconds=(high - low) // SECOND // 2)
        if offset_at(zone, middle) == offset_at(zone, at):
            high = middle
        else:
            low = middle
    return high


def changes(zone):
    """The last second before each change and the first after it, of UTC and of the clocks
    before and after, and one between the two."""
    for year in YEARS:
        for day in range(366):
            at = datetime.datetime(year, 1, 1, tzinfo=UTC) + DAY * day
            before, after = offset_at(zone, at - DAY), offset_at(zone, at)
            if before == after:
                continue
            change = change_before(zone, at)
            for shift in (DAY * 0, before, after, (before + after) / 2):
                yield change + shift - SECOND
                yield change + shift


def instants(zone, chance):
    first = datetime.datetime(1850, 1, 1, tzinfo=UTC)
    some = {first + datetime.timedelta(seconds=chance.randrange(550 * 365 * 86400))
            for _ in range(100)}
    return sorted(some | {at.replace(microsecond=0) for at in changes(zone)})


def spell(at):
    return at.strftime('%Y-%m-%dT%H:%M:%S') + '.0000000Z'


def to_utc(at, zone):
    """The earlier one of a time that comes twice; with the offset after the change where it is
    left out, which is what `fold` says of such a time."""
    utc = at.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != at.replace(tzinfo=None):
        utc = at.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return utc


def wanted(at, zone):
    return [spell(at.astimezone(zone)), spell(to_utc(at, zone))]


def main():
    chance = random.Random(20240229)
    # Not zones: what the machine is set to, and what one is before it is set.
    names = sorted(zoneinfo.available_timezones() - {'localtime', 'Factory'})
    cases = {name: instants(zoneinfo.ZoneInfo(name), chance) for name in names}
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'zones.jsonl')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(json.dumps({'id': '', 'query': 'print datetime_list_timezones()'}) + '\n')
            for name, some in cases.items():
                table = ', '.join(f'datetime({spell(at)})' for at in some)
                query = (f'datatable(t: datetime)[{table}] | project '
                         f"datetime_utc_to_local(t, '{name}'), datetime_local_to_utc(t, '{name}')")
                file.write(json.dumps({'id': name, 'query': query}) + '\n')
        answers = subprocess.run([DAYBOOK, 'query', '--batch', path], text=True, check=True,
                                 stdout=subprocess.PIPE, timeout=300).stdout
    answers = {answer['id']: answer for answer in map(json.loads, answers.splitlines())}
    wrong = []
    listed = set(answers['']['rows'][0][0]) if 'rows' in answers[''] else set()
    differing = set(names) ^ (listed - {'Factory'})
    if differing:
        wrong.append(f'names: {sorted(differing)[:5]}')
    for name, some in cases.items():
        rows = answers[name].get('rows', [])
        right = [wanted(at, zoneinfo.ZoneInfo(name)) for at in some]
        if rows != right:
            pairs = [(spell(at), a, b) for at, a, b in zip(some, rows, right) if a != b]
            wrong.append(f'{name}: {pairs[:2] or answers[name].get("error")} ({len(pairs)})')
    for line in wrong[:20]:
        print(line)
    print(f'{len(names) + 1 - len(wrong)} passed, {len(wrong)} failed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
