#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a tenant that behaves waits for its small records, alone and beside others that do not.

usage: fairness.py [--seconds S] [--rounds N] [--only NAME]...

A client sends a record every 10 ms, each in a request of its own, and waits for the answer.
Beside it nobody, then another tenant with all questions of hostile.py, as many at a time as
it may; then one that floods the ingest, one that floods the queries, and both (s93).  All is
measured --rounds times in turn and the best round counts, as the machine may be busy with
something else.  The clients that do harm stand back (nice), as if they had processors of
their own; the one that is measured need not wait for one.

The last lines are a table for docs/design/006; the goal is a p99 of twice that alone.
"""
import argparse
import contextlib
import itertools
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, '../../tools'))

import hostile  # noqa: E402
import lab  # noqa: E402
import s35_hostile_queries as questions  # noqa: E402
import s93_overload_is_shed as overload  # noqa: E402

WARM_S = 1.0
STORED = 40000  # records that are asked about
HEAVY = ('AuditRecords | extend k = hash(strcat(Id, UserId)) | summarize count() by k, Id'
         ' | sort by k | take 10')
STAND_BACK = 10


class Flood(overload.Flood):
    """One that stands back."""

    def run_all(self, count):
        os.nice(STAND_BACK)
        super().run_all(count)


class Asker:
    """All hostile questions again and again, in a process of its own."""

    def __init__(self, server, token):
        self.server, self.token = server, token
        self.stop = multiprocessing.Event()
        self.answers = multiprocessing.Value('q', 0)
        self.process = multiprocessing.Process(target=self.run_all, daemon=True)

    def run_all(self):
        os.nice(STAND_BACK)
        texts = itertools.cycle(hostile.ALL.values())
        lock = threading.Lock()

        def run():
            while not self.stop.is_set():
                with lock:
                    text = next(texts)
                body = json.dumps({'query': text, 'tenant': 'hostile',
                                   'timeout_ms': questions.LIMIT_MS})
                status, _, _ = self.server.http('POST', '/v1/query', body, self.token,
                                                read=questions.read_end)
                if status != 429:
                    with self.answers.get_lock():
                        self.answers.value += 1

        self.server.local = threading.local()
        threads = [threading.Thread(target=run) for _ in range(questions.AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.process.join()


class Fairness:
    def __init__(self, server):
        self.server = server
        server.start()
        for name in ('quiet', 'hostile', 'flood'):
            server.add_tenant(name)
        self.writer = server.add_token('ingest', 'quiet')
        self.hostile = server.add_token('analyst', 'hostile')
        self.flooder = server.add_token('ingest', 'flood')
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([lab.GENERATE, '--records', str(STORED), '--tenants', '2', '--out',
                            directory], check=True, capture_output=True)
            for name in os.listdir(directory):
                with open(os.path.join(directory, name), 'rb') as file:
                    server.ingest(server.add_token('ingest', 'hostile'), file.read(),
                                  'AuditRecords')
        self.bulk = ('POST', '/v1/ingest', overload.bulk_body(), overload.bearer(self.flooder))
        self.heavy = ('POST', '/v1/query', json.dumps({'tenant': 'hostile', 'query': HEAVY}),
                      overload.bearer(self.hostile, **{'Content-Type': 'application/json'}))

    def loads(self):
        """By name: what to enter while the quiet tenant is measured."""
        def ingests():
            return Flood(self.server, '127.0.0.2', overload.INGEST_CLIENTS, self.bulk)

        def queries():
            return Flood(self.server, '127.0.0.3', overload.QUERY_CLIENTS, self.heavy)

        return {'alone': [], 'hostile queries': [lambda: Asker(self.server, self.hostile)],
                'ingest flood': [ingests], 'query flood': [queries],
                'both floods': [ingests, queries]}

    def measure(self, load, seconds):
        """The times of each request, in order."""
        with contextlib.ExitStack() as stack:
            for make in load:
                stack.enter_context(make())
            time.sleep(WARM_S if load else 0)
            there, here = multiprocessing.Pipe()
            stop = multiprocessing.Event()
            sender = multiprocessing.Process(target=questions.send_records,
                                             args=(self.server, self.writer, stop, there))
            sender.start()
            there.close()
            time.sleep(seconds)
            stop.set()
            times = here.recv()
            sender.join()
        return times


def main():
    parser = argparse.ArgumentParser(description='Measures how fair a server is.')
    parser.add_argument('--seconds', type=float, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--only', action='append', help='of the loads, beside "alone"')
    options = parser.parse_args()
    best = {}
    with lab.Lab() as server:
        fairness = Fairness(server)
        for number in range(options.rounds):
            for name, load in fairness.loads().items():
                if load and options.only and name not in options.only:
                    continue
                times = fairness.measure(load, options.seconds)
                print(f'round {number + 1}, {name}: {len(times)} requests, median '
                      f'{statistics.median(times) * 1000:.1f} ms, p99 '
                      f'{questions.p99_ms(times):.1f} ms, shed '
                      f'{server.metrics()["shed_total"]:.0f}', flush=True)
                if name not in best or questions.p99_ms(times) < questions.p99_ms(best[name]):
                    best[name] = times
        memory = server.peak_memory_bytes()
    print('\n| Beside it | requests | median | p99 | of that alone |\n|---|---|---|---|---|')
    alone = questions.p99_ms(best['alone'])
    for name, times in best.items():
        print(f'| {name} | {len(times)} | {statistics.median(times) * 1000:.1f} ms | '
              f'{questions.p99_ms(times):.1f} ms | {questions.p99_ms(times) / alone:.1f} |')
    print(f'\npeak memory {memory >> 20} MiB')


if __name__ == '__main__':
    main()
