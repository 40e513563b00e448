#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a Daybook under full load, again and again, and compares it with a ledger.

usage: torture.py [--kills N] [--clients N] [--seed N] [--directory DIR]

Clients send batches under idempotency keys, each until it is answered, and write
(sequence number, SHA-256) of every record to a ledger, synced, after the 2xx.  The
whole process group gets SIGKILL: at any moment, or a few milliseconds after a file
of the data directory tells that a rotation, a save, a flush, a merge, a trim or a
recovery is under way.  After each start what is new is read back through
GET /v1/raw, in the end everything: nothing is lost, nothing is there twice, the
numbers have no gap.  Half of the clients send records without an Id, so that only
their keys keep a retry from being stored again.

The last line is JSON; the exit code is 1 when something was lost or doubled, or a
start took longer than START_S_MAX.
"""
import argparse
import hashlib
import http.client
import json
import os
import random
import struct
import sys
import threading
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../tools'))

import lab  # noqa: E402

START_S_MAX = 5.0
WAIT_S_MAX = 4.0       # for the moment that is aimed at; then any will do
READ_RECORDS = 50000   # of one GET /v1/raw
DIGEST_BYTES = 32
BATCHES = (1, 20, 200, 2000)
# What the file names of the data directory tell, and how often it is aimed at.
MOMENTS = {'any': 4, 'rotate': 2, 'evidence': 1, 'save': 2, 'state': 2, 'segment': 3,
           'catalog': 3, 'sealed': 3, 'trim': 2, 'start': 3}


class Ledger:
    """What was promised: kept on disk, outside of the data directory."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, 'ab')
        self.lock = threading.Lock()
        self.promised = {}  # sequence number -> digest
        self.problems = []

    def add(self, first_seq, digests):
        with self.lock:
            self.file.write(struct.pack('<QI', first_seq, len(digests)) + b''.join(digests))
            self.file.flush()
            os.fsync(self.file.fileno())
            for i, digest in enumerate(digests):
                if first_seq + i in self.promised:
                    self.problems.append(f'number {first_seq + i} was given twice')
                self.promised[first_seq + i] = digest

    def read(self):
        """The same from the file."""
        promised = {}
        with open(self.path, 'rb') as file:
            while head := file.read(12):
                first, count = struct.unpack('<QI', head)
                for i in range(count):
                    promised[first + i] = file.read(DIGEST_BYTES)
        return promised


def make_batch(rng, owner, count, with_id):
    now = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())
    lines = []
    for i in range(count):
        identity = f'"Id":"{uuid.UUID(int=rng.getrandbits(128))}",' if with_id else ''
        lines.append(f'{{"CreationTime":"{now}",{identity}"Operation":"MailItemsAccessed",'
                     f'"RecordType":50,"UserId":"{owner}-{i % 97}@contoso.example",'
                     f'"ClientIP":"192.0.2.{rng.randrange(256)}","Workload":"Exchange",'
                     f'"Mark":"{rng.getrandbits(96):024x}",'
                     f'"Folders":[{{"Path":"\\\\Inbox","Items":[{rng.getrandbits(30)}]}}]}}'
                     .encode())
    return lines


class Client(threading.Thread):
    def __init__(self, torture, number):
        super().__init__(daemon=True)
        self.torture = torture
        self.number = number
        self.rng = random.Random(torture.options.seed * 1000 + number)
        self.requests = self.retries = self.busy = 0

    def run(self):
        while not self.torture.stopping.is_set():
            lines = make_batch(self.rng, f'c{self.number}', self.rng.choice(BATCHES),
                               self.number % 2 == 0)
            self.send(b'\n'.join(lines), lines,
                      str(uuid.UUID(int=self.rng.getrandbits(128))))

    def send(self, body, lines, key):
        world = self.torture
        while True:
            try:
                answer = world.lab.ingest(world.writer, body, key=key)
                break
            except (OSError, http.client.HTTPException):
                self.retries += 1
            except lab.Refused as refused:
                if refused.status not in (429, 503):
                    world.ledger.problems.append(f'an answer {refused}')
                self.busy += 1
            time.sleep(0.02)
        if answer['stored'] != len(lines):
            world.ledger.problems.append(f'{answer["stored"]} of {len(lines)} stored: {key}')
        world.ledger.add(answer['first_seq'], [hashlib.sha256(line).digest() for line in lines])
        self.requests += 1


class Flusher(threading.Thread):
    """Asks for compactions: flushes and merges as often as the server can."""

    def __init__(self, torture):
        super().__init__(daemon=True)
        self.torture = torture
        self.done = 0

    def run(self):
        rng = random.Random(self.torture.options.seed)
        while not self.torture.stopping.is_set():
            try:
                status, _, _ = self.torture.lab.http('POST', '/v1/compact', b'')
                self.done += status == 200
            except (OSError, http.client.HTTPException, AttributeError):
                pass
            time.sleep(rng.uniform(0.0, 0.5))


def look(data):
    """What a kill can be aimed at, as sets of names and a time."""
    def names(directory):
        try:
            return set(os.listdir(os.path.join(data, directory)))
        except FileNotFoundError:
            return set()

    def changed(path):
        try:
            return os.stat(os.path.join(data, path)).st_mtime_ns
        except FileNotFoundError:
            return 0

    evidence = sum(changed(f't/{tenant}/batch.0') for tenant in names('t'))
    return {'wal': names('wal'), 'ingest': names('ingest'), 'seg': names('seg'),
            'catalog': changed('catalog'), 'catalog_new': changed('catalog.tmp'),
            'state': changed('ingest/state'), 'evidence': evidence}


def has_come(moment, old, new):
    if moment == 'rotate':
        return bool(new['wal'] - old['wal'])
    if moment == 'evidence':
        return new['evidence'] != old['evidence']
    if moment == 'save':
        return bool(new['ingest'] - old['ingest'])
    if moment == 'state':
        return new['state'] != old['state']
    if moment == 'segment':
        return any(name.endswith('.tmp') for name in new['seg'])
    if moment == 'sealed':
        return any(name.endswith('.seg') for name in new['seg'] - old['seg'])
    if moment == 'catalog':
        return new['catalog_new'] != 0 or new['catalog'] != old['catalog']
    if moment == 'trim':
        return bool(old['wal'] - new['wal'])
    return True


class Torture:
    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        self.lab = lab.Lab(directory=options.directory)
        self.lab.start()
        self.lab.add_tenant('contoso')
        self.writer = self.lab.add_token('ingest', 'contoso')
        self.reader = self.lab.add_token('analyst', 'contoso')
        self.ledger = Ledger(os.path.join(self.lab.parent, 'ledger'))
        self.stopping = threading.Event()
        self.starts_s = []
        self.killed = {}
        self.checked = 0  # all numbers up to here were compared

    def wait_for(self, moment):
        """Waits for the moment; what it was in the end."""
        if moment in ('any', 'start'):
            time.sleep(self.rng.uniform(0.05, 1.5))
            return 'any'
        old, end = look(self.lab.data), time.monotonic() + WAIT_S_MAX
        while time.monotonic() < end:
            new = look(self.lab.data)
            if has_come(moment, old, new):
                time.sleep(self.rng.choice((0, 0, 0.001, 0.003, 0.01, 0.03)))
                return moment
            time.sleep(0.0005)
        return 'any'

    def kill_in_start(self):
        """Starts the server and kills it before it answers, or about then."""
        moment = self.rng.uniform(0.005, 0.4)
        timer = threading.Timer(moment, self.lab.kill)
        timer.start()
        try:
            self.lab.start()
        except (RuntimeError, AttributeError, ValueError):
            pass  # it did not live to answer
        timer.join()
        self.lab.kill()
        self.killed['start'] = self.killed.get('start', 0) + 1

    def start(self):
        begin = time.monotonic()
        self.lab.start()
        self.starts_s.append(time.monotonic() - begin)

    def read(self, first, count):
        status, _, body = self.lab.http(
            'GET', f'/v1/raw?tenant=contoso&from-seq={first}&count={count}&zero=1',
            token=self.reader)
        if status != 200:
            raise lab.Refused(status, body.decode('utf-8', 'replace'))
        return [hashlib.sha256(raw).digest() for raw in body.split(b'\0')[:-1]]

    def compare(self, first, promised, seen):
        """Reads all numbers from `first` to the last that was promised."""
        last = max(promised, default=0)
        while first <= last:
            count = min(READ_RECORDS, last - first + 1)
            digests = self.read(first, count)
            if len(digests) != count:
                self.ledger.problems.append(f'{len(digests)} of {count} records from {first}')
                return first
            for i, digest in enumerate(digests):
                if promised.get(first + i, digest) != digest:
                    self.ledger.problems.append(f'record {first + i} has other bytes')
                if seen is not None and digest in seen:
                    self.ledger.problems.append(f'record {first + i} is there twice')
                if seen is not None:
                    seen.add(digest)
            first += count
        return first

    def compare_new(self):
        with self.ledger.lock:
            promised = {seq: digest for seq, digest in self.ledger.promised.items()
                        if seq >= self.checked}
        self.checked = self.compare(max(self.checked, 1), promised, None)

    def round(self):
        moment = self.rng.choices(list(MOMENTS), MOMENTS.values())[0]
        reached = self.wait_for(moment)
        self.lab.kill()
        self.killed[reached] = self.killed.get(reached, 0) + 1
        if moment == 'start':
            self.kill_in_start()
        self.start()
        self.compare_new()

    def finish(self, clients):
        """All clients have their answers; all is compared."""
        self.stopping.set()
        for client in clients:
            client.join(60)
            if client.is_alive():
                self.ledger.problems.append('a client got no answer')
        promised = self.ledger.read()
        if promised != self.ledger.promised:
            self.ledger.problems.append('the ledger itself is wrong')
        seen = set()
        end = self.compare(1, promised, seen)
        rows = int(self.lab.query('AuditRecords | where Operation == "MailItemsAccessed" | count',
                                  'contoso', self.reader)[0]['Count'])
        found = sum(digest in seen for digest in promised.values())
        if found != len(promised) or rows < found or rows > end:
            self.ledger.problems.append(f'{rows} rows, {found} of {len(promised)} found')

    def run(self):
        clients = [Client(self, n) for n in range(self.options.clients)]
        flusher = Flusher(self)
        begin = time.monotonic()
        for thread in [*clients, flusher]:
            thread.start()
        while sum(self.killed.values()) < self.options.kills and not self.ledger.problems:
            self.round()
        self.finish(clients)
        starts = sorted(self.starts_s)
        return {'kills': sum(self.killed.values()), 'at': self.killed,
                'records': len(self.ledger.promised),
                'requests': sum(c.requests for c in clients),
                'retries': sum(c.retries for c in clients),
                'busy': sum(c.busy for c in clients), 'compactions': flusher.done,
                'start_s_median': round(starts[len(starts) // 2], 3),
                'start_s_max': round(starts[-1], 3),
                'peak_memory_mib': self.lab.peak_memory_bytes() >> 20,
                'seconds': round(time.monotonic() - begin, 1),
                'problems': self.ledger.problems[:20]}


def main():
    parser = argparse.ArgumentParser(description='Kills a Daybook under load.')
    parser.add_argument('--kills', type=int, default=60)
    parser.add_argument('--clients', type=int, default=4)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--directory', help='the data stays there')
    options = parser.parse_args()
    torture = Torture(options)
    try:
        figures = torture.run()
    finally:
        torture.lab.kill()
    if not options.directory and not figures['problems']:
        torture.lab.remove()
    print(json.dumps(figures))
    return 1 if figures['problems'] or figures['start_s_max'] > START_S_MAX else 0


if __name__ == '__main__':
    sys.exit(main())
