# SPDX-License-Identifier: Apache-2.0
"""daybook - Daybook as it is used: over HTTPS, durable on acknowledgement, all indexes on.

Variants `identity` and `gzip` send bodies in these encodings; the default is zstd.  The
sender is a process of its own with bodies made beforehand; its processor time is apart.
"""
import json
import os
import re
import subprocess
import sys
import time

import engine as base

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tools'))
import lab  # noqa: E402  (stands beside the tools)

STAGE = re.compile(r'ingest_cpu_seconds_total\{stage="(\w+)"\}')
TICKS = os.sysconf('SC_CLK_TCK')


class Daybook(base.Engine):
    def __init__(self, options, variant):
        super().__init__(options)
        self.encoding = variant or 'zstd'
        self.name = 'daybook' + ('_' + variant if variant else '')
        self.generator = json.loads(os.environ.get('DAYBOOK_BENCH_GENERATOR', '[]'))
        home = os.path.join(self.directory, 'lab')
        os.makedirs(home, exist_ok=True)
        self.server = lab.Lab(home)
        self.settings = os.path.join(self.directory, 'daybook.yml')
        with open(self.settings, 'w', encoding='utf-8') as file:
            file.write(f'threads: {self.threads}\n')
            file.write(os.environ.get('DAYBOOK_BENCH_SETTINGS', ''))
        self.start()
        self.tokens = os.path.join(self.directory, 'tokens')
        listing = subprocess.run([lab.GENERATE, *self.generator, '--list'], check=True,
                                 capture_output=True, text=True)
        with open(self.tokens, 'w', encoding='utf-8') as file:
            for line in listing.stdout.splitlines():
                guid, name = line.split()
                self.server.add_tenant(name, guid)
                file.write(f"{guid} {self.server.add_token('ingest', name)}\n")
        self.operator = self.server.add_token('operator')

    def start(self):
        self.server.start('--config', self.settings)

    def processes(self):
        group = self.server.process.pid
        for name in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as file:
                    fields = file.read().rsplit(')', 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == group:
                yield fields

    def cpu_seconds(self):
        """Of all three processes, children that ended included."""
        return sum(int(n) for fields in self.processes() for n in fields[11:15]) / TICKS

    def peak_bytes(self):
        return self.server.peak_memory_bytes()

    def size_bytes(self):
        if self.server.cli('compact', '--quiet', timeout=3600).returncode != 0:
            raise RuntimeError('compact failed')
        return base.tree_bytes(self.server.data)

    def parts_bytes(self):
        return {'evidence_bytes': base.tree_bytes(os.path.join(self.server.data, 't'))}

    def stages(self):
        """Processor seconds of the server by stage, since its start."""
        return {match[1]: value for name, value in self.server.metrics().items()
                if (match := STAGE.fullmatch(name))}

    def ingest(self):
        before = self.stages()
        done = subprocess.run([lab.LOAD, *self.generator, '--in', self.data, '--server',
                               self.server.url, '--cacert', self.server.ca_file, '--tokens',
                               self.tokens, '--encoding', self.encoding],
                              check=True, capture_output=True, text=True)
        figures = json.loads(done.stdout)
        if figures['records'] != self.records or figures['duplicates']:
            raise RuntimeError(f'not all records went in: {done.stdout}')
        return {'seconds': figures['seconds'], 'sender_cpu_seconds': figures['sender_cpu_seconds'],
                'ack_p99_ms': figures['latency_ms']['p99'],
                'stages': {stage: seconds - before[stage]
                           for stage, seconds in self.stages().items()}}

    def query(self, text):
        body = json.dumps({'query': 'set notruncation; ' + text, 'all_tenants': True})
        status, _, answer = self.server.http('POST', '/v1/query', body, self.operator,
                                             {'Content-Type': 'application/json'})
        if status != 200:
            raise RuntimeError(answer.decode('utf-8', 'replace'))
        return answer

    def ask(self, text):
        begin = time.monotonic()
        answer = self.query(text)
        seconds = time.monotonic() - begin
        return seconds, json.loads(answer)['elapsed_us'] / 1e6

    def answer(self, text):
        answer = json.loads(self.query(text))
        if not answer['complete']:
            raise RuntimeError('the answer is not complete')
        return [column['name'] for column in answer['columns']], answer['rows']

    @staticmethod
    def as_records(names, rows):
        return [dict(zip(names, row)) for row in rows]

    def restart(self):
        """Seconds from the start of the program to `ready`, after an orderly stop."""
        self.server.stop()
        begin = time.monotonic()
        self.start()
        return time.monotonic() - begin

    def close(self):
        self.server.remove()


def engine(options, variant):
    return Daybook(options, variant)
