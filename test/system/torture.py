#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a Daybook under full load, again and again, and compares it with a ledger.

usage: torture.py [--kills N] [--seconds S] [--clients N] [--pause S] [--seed N]
                  [--directory DIR]

Clients send batches under idempotency keys, each until it is answered, and write
(sequence number, SHA-256) of every record to a ledger, synced, after the 2xx.  The
whole process group gets SIGKILL at any moment, or right after strike.so ended the
server in a chosen call: a write (half done) or a sync of the log, of evidence, of the
saved state, of a flush or a merge, of the catalog or its rename, of the control plane or the
keyring, a removal, or in recovery.  After each start what is new is read back through
GET /v1/raw, in the end everything: nothing is lost, nothing is there twice, the
numbers have no gap.  Tenants and tokens are added and revoked meanwhile: what was
answered holds after each start, and each tenant has its keys.  Half of the clients send
records without an Id, so that only their keys keep a retry from being stored again.

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
WAIT_S_MAX = 8.0       # for the call that is aimed at; then any moment will do
READ_RECORDS = 50000   # of one GET /v1/raw
DIGEST_BYTES = 32
BATCHES = (1, 20, 20, 200)
# Where a life ends: how often, and before which call of that place at the latest.
# 'any' is kill -9 after a random time, 'start' one before the server answers.
PLACES = {'any': (8, 0), 'start': (4, 0), 'wal-write': (3, 60), 'wal-sync': (3, 60),
          'flush-write': (3, 8), 'flush-sync': (3, 3), 'catalog-write': (3, 3),
          'catalog-sync': (2, 3), 'catalog-rename': (1, 1), 'catalog-renamed': (1, 1),
          'merge-write': (4, 3), 'merge-sync': (4, 2),
          'merge-remove': (2, 2), 'evidence-write': (3, 4), 'evidence-sync': (3, 4),
          'save-write': (2, 8), 'save-sync': (2, 4), 'trim': (2, 2), 'recovery': (4, 25),
          'control-write': (3, 12), 'control-sync': (2, 6), 'keys-write': (1, 2),
          'keys-sync': (1, 2)}
TENANTS_MAX = 200  # each start reads a record of each
STRIKE = os.path.join(lab.BUILD, 'test/system/strike.so')


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
            time.sleep(self.torture.options.pause)

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


class Administrator(threading.Thread):
    """Adds tenants, and tokens of which half are revoked."""

    def __init__(self, torture):
        super().__init__(daemon=True)
        self.torture = torture
        self.rng = random.Random(torture.options.seed + 1)
        self.lock = threading.Lock()
        self.tenants = []  # those whose addition was answered
        self.tokens = {}   # id -> is it revoked; those of which that is not known are not there

    def run(self):
        number = 0
        while not self.torture.stopping.is_set():
            number += 1
            try:
                self.change(number)
            except (OSError, http.client.HTTPException, AttributeError):
                pass  # the server ended: it was done or not
            except lab.Refused as refused:
                if refused.status not in (429, 503):
                    self.torture.ledger.problems.append(f'an administrator got {refused}')
            time.sleep(self.rng.uniform(0.02, 0.3))

    def change(self, number):
        ask = self.torture.lab.ask
        if len(self.tenants) < TENANTS_MAX and self.rng.random() < 0.1:
            name = f'tenant{number}'
            ask('POST', '/v1/tenants', {'name': name})
            with self.lock:
                self.tenants.append(name)
        token = ask('POST', '/v1/tokens', {'role': 'reader', 'tenant': 'contoso'})['id']
        with self.lock:
            self.tokens[token] = False
        if self.rng.random() < 0.5:
            with self.lock:
                del self.tokens[token]
            ask('DELETE', f'/v1/tokens/{token}')
            with self.lock:
                self.tokens[token] = True

    def compare(self):
        """What was answered before is so."""
        with self.lock:
            tenants, tokens = list(self.tenants), dict(self.tokens)
        ask, problems = self.torture.lab.ask, self.torture.ledger.problems
        there = {tenant['name'] for tenant in ask('GET', '/v1/tenants')}
        known = {token['id']: token['revoked'] for token in ask('GET', '/v1/tokens')}
        problems += [f'tenant {name} is gone' for name in tenants if name not in there]
        with self.lock:  # some are being revoked
            problems += [f'token {token}: revoked is {known.get(token)}'
                         for token, revoked in tokens.items()
                         if known.get(token) != revoked and self.tokens.get(token) == revoked]
        self.torture.lab.query('DaybookAudit | where Operation == "none"', None,
                               self.torture.operator)  # which is recorded under the keys of each


class Torture:
    def __init__(self, options):
        self.options = options
        self.rng = random.Random(options.seed)
        self.lab = lab.Lab(directory=options.directory)
        self.lab.start()
        self.lab.add_tenant('contoso')
        self.writer = self.lab.add_token('ingest', 'contoso')
        self.reader = self.lab.add_token('analyst', 'contoso')
        self.operator = self.lab.add_token('operator')
        self.administrator = Administrator(self)
        self.ledger = Ledger(os.path.join(self.lab.parent, 'ledger'))
        self.stopping = threading.Event()
        self.starts_s = []
        self.killed = {}
        self.place = 'any'
        self.checked = 0  # all numbers up to here were compared

    def aim(self, place):
        """What a server needs to end at this place; its report is a file."""
        self.report = os.path.join(self.lab.parent, 'strike')
        if os.path.exists(self.report):
            os.unlink(self.report)
        if PLACES[place][1] == 0:
            return {}
        call = self.rng.randint(1, PLACES[place][1])
        return {'LD_PRELOAD': STRIKE, 'DAYBOOK_STRIKE_REPORT': self.report,
                'DAYBOOK_STRIKE': f'{"any" if place == "recovery" else place} {call}'}

    def struck(self):
        try:
            with open(self.report, encoding='ascii') as file:
                return file.read().strip()
        except FileNotFoundError:
            return ''

    def wait_for(self, place):
        """Waits until the server was struck; where it was."""
        if PLACES[place][1] == 0:
            time.sleep(self.rng.uniform(0.05, 1.5))
            return 'any'
        lab.wait_until(self.struck, WAIT_S_MAX)
        return self.struck() or 'any'

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

    def start(self, env):
        begin = time.monotonic()
        self.lab.start(env=env)
        self.starts_s.append(time.monotonic() - begin)

    def strike_recovery(self):
        """The n-th call on a file of a start; what comes after it is another start's."""
        try:
            self.lab.start(env=self.aim('recovery'))
        except (RuntimeError, AttributeError, ValueError):
            pass
        if lab.wait_until(self.struck, 1):
            self.killed['recovery'] = self.killed.get('recovery', 0) + 1
        self.lab.kill()

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
        """The server runs, aimed at self.place: its end, and the next start."""
        reached = self.wait_for(self.place)
        self.lab.kill()
        self.killed[reached] = self.killed.get(reached, 0) + 1
        if self.place == 'start':
            self.kill_in_start()
        places, weights = list(PLACES), [weight for weight, _ in PLACES.values()]
        self.place = self.rng.choices(places, weights)[0]
        if self.place == 'recovery':
            self.strike_recovery()
            self.place = 'any'
        try:
            self.start(self.aim(self.place))
            self.compare_new()
            self.administrator.compare()
        except (OSError, RuntimeError, http.client.HTTPException, lab.Refused):
            if not self.struck():
                raise  # else it ended meanwhile, and the next round compares

    def finish(self, clients):
        """All clients have their answers; all is compared."""
        self.stopping.set()
        self.lab.kill()  # the last one may be aimed at a place still
        self.start({})
        for client in clients:
            client.join(60)
            if client.is_alive():
                self.ledger.problems.append('a client got no answer')
        self.administrator.join(60)
        self.administrator.compare()
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
        for thread in [*clients, flusher, self.administrator]:
            thread.start()
        while (sum(self.killed.values()) < self.options.kills and not self.ledger.problems and
               time.monotonic() - begin < self.options.seconds):
            self.round()
        self.finish(clients)
        starts = sorted(self.starts_s)
        return {'kills': sum(self.killed.values()), 'at': self.killed,
                'records': len(self.ledger.promised),
                'requests': sum(c.requests for c in clients),
                'retries': sum(c.retries for c in clients),
                'busy': sum(c.busy for c in clients), 'compactions': flusher.done,
                'tenants': len(self.administrator.tenants),
                'tokens': len(self.administrator.tokens),
                'start_s_median': round(starts[len(starts) // 2], 3),
                'start_s_max': round(starts[-1], 3),
                'peak_memory_mib': self.lab.peak_memory_bytes() >> 20,
                'seconds': round(time.monotonic() - begin, 1),
                'problems': self.ledger.problems[:20]}


def main():
    parser = argparse.ArgumentParser(description='Kills a Daybook under load.')
    parser.add_argument('--kills', type=int, default=60)
    parser.add_argument('--seconds', type=float, default=86400, help='no kill after these')
    parser.add_argument('--clients', type=int, default=4)
    parser.add_argument('--pause', type=float, default=0, help='of a client after each answer')
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
