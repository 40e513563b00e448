# SPDX-License-Identifier: Apache-2.0
"""victorialogs - VictoriaLogs over HTTP; DAYBOOK_BENCH_VICTORIALOGS names its program.

The organisation and the workload are its stream fields; no field is its message.  It
acknowledges before the data are synced; `force_flush` is part of the time of ingest.
"""
import concurrent.futures
import http.client
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse

import engine as base

TICKS = os.sysconf('SC_CLK_TCK')
BODY_BYTES = 8 << 20
GROUPS = re.compile(r'\| stats (?:by \(([^)]*)\))?')
INSERT = '/insert/jsonline?' + urllib.parse.urlencode({
    '_stream_fields': 'OrganizationId,Workload', '_time_field': 'CreationTime',
    '_msg_field': '_none'})


def free_port():
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        return found.getsockname()[1]


def counted(text, rows):
    """A question's rows of groups and their count; a field that is empty is not sent.  Of the
    greatest counts those ten that come first by their group."""
    groups = re.split(', *', GROUPS.search(text)[1] or '')
    names = [name.split(':')[0] for name in groups if name]
    if any('c' in row for row in rows):
        names.append('c')
    rows = [[row.get(name, '') for name in names] for row in rows]
    if '| sort by (c desc)' in text:
        rows = sorted(rows, key=lambda row: (-int(row[-1]), row[0]))[:10]
    return names, rows


class VictoriaLogs(base.Engine):
    name = 'victorialogs'
    merges_s = 10  # they go on in the background

    def __init__(self, options):
        super().__init__(options)
        self.port = free_port()
        self.process = subprocess.Popen(
            [os.environ['DAYBOOK_BENCH_VICTORIALOGS'], f'-httpListenAddr=127.0.0.1:{self.port}',
             f'-storageDataPath={self.directory}/db', '-retentionPeriod=100y',
             '-loggerLevel=ERROR'], env=os.environ | {'GOMAXPROCS': str(self.threads)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                self.post('/health', b'')
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError('VictoriaLogs did not start')

    def post(self, path, body, kind='application/x-www-form-urlencoded'):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=600)
        connection.request('POST', path, body, {'Content-Type': kind})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(text.decode('utf-8', 'replace'))
        return text

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='utf-8') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak_bytes(self):
        with open(f'/proc/{self.process.pid}/status', encoding='utf-8') as file:
            return [int(line.split()[1]) * 1024 for line in file if line.startswith('VmHWM')][0]

    def bodies(self):
        with open(self.data, 'rb') as file:
            rest = b''
            while block := file.read(BODY_BYTES):
                head, _, rest_of = (rest + block).rpartition(b'\n')
                rest = rest_of
                yield head + b'\n'
            if rest:
                yield rest

    def ingest(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            waiting = set()
            for body in self.bodies():
                waiting.add(pool.submit(self.post, INSERT, body, 'application/stream+json'))
                if len(waiting) >= 4:
                    done, waiting = concurrent.futures.wait(
                        waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                    for future in done:
                        future.result()
            for future in waiting:
                future.result()
        self.post('/internal/force_flush', b'')
        return {}

    def size_bytes(self):
        self.post('/internal/force_merge', b'')
        time.sleep(self.merges_s)
        return super().size_bytes()

    def select(self, text):
        return self.post('/select/logsql/query', urllib.parse.urlencode({'query': text}).encode())

    def ask(self, text):
        begin = time.monotonic()
        self.select(text)
        return time.monotonic() - begin, None

    def answer(self, text):
        rows = [json.loads(line) for line in self.select(text).splitlines()]
        return counted(text, rows) if '| stats ' in text else (['Raw'], rows)

    @staticmethod
    def as_records(_, rows):
        return [row | {'CreationTime': row['_time']} for row in rows]

    def close(self):
        self.process.terminate()
        self.process.wait(60)


def engine(options, _):
    return VictoriaLogs(options)
