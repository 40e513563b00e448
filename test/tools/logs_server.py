#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""logs_server - speaks what the benchmark's runner of VictoriaLogs needs of it.

Takes records as lines of JSON, shows them after a flush, and answers `*` and `Field:="value"`,
joined by `or`, with `| stats by (...) count() c` and `| sort by (c desc) limit n` behind it.
Like VictoriaLogs it sends values as texts, and no field that is empty.
"""
import collections
import http.server
import json
import os
import re
import sys
import urllib.parse

EQUALS = re.compile(r'(\w+):="([^"]*)"')
COUNT = re.compile(r'stats (?:by \((.*)\) )?count\(\) c')
SORT = re.compile(r'sort by \(c desc\) limit (\d+)')


def matches(record, text):
    if text == '*':
        return True
    conditions = [EQUALS.fullmatch(part) for part in text.split(' or ')]
    if not all(conditions):
        raise ValueError(f'cannot parse {text!r}')
    return any(record.get(condition[1], '') == condition[2] for condition in conditions)


def counted(records, fields):
    groups = collections.Counter(tuple(record.get(field, '') for field in fields)
                                 for record in records)
    return [dict(zip(fields, group)) | {'c': str(count)} for group, count in groups.items()]


def answer(records, query):
    condition, *pipes = query.split(' | ')
    rows = [record for record in records if matches(record, condition)]
    for pipe in pipes:
        if found := COUNT.fullmatch(pipe):
            rows = counted(rows, re.split(', *', found[1]) if found[1] else [])
        elif found := SORT.fullmatch(pipe):
            rows = sorted(rows, key=lambda row: -int(row['c']))[:int(found[1])]
        else:
            raise ValueError(f'cannot parse pipe {pipe!r}')
    return [{name: value for name, value in row.items() if value != ''} for row in rows]


class Handler(http.server.BaseHTTPRequestHandler):
    directory, waiting, shown = None, [], []

    def log_message(self, *_):  # no lines of each request
        pass

    def send(self, status, text=''):
        body = text.encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def take(self, query, body):
        time = urllib.parse.parse_qs(query)['_time_field'][0]
        for line in body.splitlines():
            record = {name: str(value) for name, value in json.loads(line).items()}
            record['_time'] = record.pop(time) + 'Z'
            self.waiting.append(record)

    def show(self):
        self.shown.extend(self.waiting)
        self.waiting.clear()

    def merge(self):
        with open(os.path.join(self.directory, 'records'), 'w', encoding='utf-8') as file:
            file.writelines(json.dumps(record) + '\n' for record in self.shown)

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
        if url.path == '/insert/jsonline':
            self.take(url.query, body)
        elif url.path == '/internal/force_flush':
            self.show()
        elif url.path == '/internal/force_merge':
            self.merge()
        elif url.path == '/select/logsql/query':
            try:
                rows = answer(self.shown, urllib.parse.parse_qs(body)['query'][0])
            except ValueError as error:
                self.send(400, str(error))
                return
            self.send(200, ''.join(json.dumps(row) + '\n' for row in rows))
            return
        elif url.path != '/health':
            self.send(404)
            return
        self.send(200)


def main():
    flags = dict(argument[1:].split('=', 1) for argument in sys.argv[1:])
    Handler.directory = flags['storageDataPath']
    os.makedirs(Handler.directory, exist_ok=True)
    host, _, port = flags['httpListenAddr'].rpartition(':')
    http.server.HTTPServer((host, int(port)), Handler).serve_forever()


if __name__ == '__main__':
    main()
