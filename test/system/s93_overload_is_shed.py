# SPDX-License-Identifier: Apache-2.0
"""One tenant floods the ingest, another the queries; a third goes on working.

What is too much is answered 429 with Retry-After, the memory of the server stays
bounded, nothing that was acknowledged is lost, and the third tenant is served all
the time.  Its times are printed beside those of an idle server; they are bounded
very generously only, because the machine may be anybody's.
DAYBOOK_OVERLOAD_S sets the length.
"""
import http.client
import json
import multiprocessing
import os
import statistics
import threading
import time
import urllib.parse
import uuid

from story import Story, record

SECONDS = float(os.environ.get('DAYBOOK_OVERLOAD_S', '15'))
INGEST_CLIENTS, QUERY_CLIENTS = 48, 32
BODY_RECORDS = 20000
TAG = b'0000beef'  # in each Id of a body: another one in each request, or it had duplicates only
RSS_BYTES_MAX = 3 << 30
SLOWEST_S = 60.0  # of the third tenant: far above what is promised
SERVED_MIN = 5    # requests of the third tenant, of each kind


class Flood:
    """Clients in a process of their own that send again at once, whatever the answer."""

    def __init__(self, lab, address, count, request):
        self.place = urllib.parse.urlsplit(lab.url)
        self.tls, self.address, self.request = lab.tls, address, request
        self.queue = multiprocessing.Queue()
        self.stopped = multiprocessing.Event()
        self.process = multiprocessing.Process(target=self.run_all, args=(count,), daemon=True)
        self.answers, self.problems = {}, 0

    def connect(self):
        return http.client.HTTPSConnection(self.place.hostname, self.place.port, timeout=120,
                                           context=self.tls, source_address=(self.address, 0))

    def run_all(self, count):
        self.lock = threading.Lock()
        threads = [threading.Thread(target=self.run, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(180)
        self.queue.put((self.answers, self.problems))

    def count(self, status):
        with self.lock:
            self.answers[status] = self.answers.get(status, 0) + 1

    def run(self):
        connection = None
        while not self.stopped.is_set():
            try:
                connection = connection or self.connect()
                method, path, body, headers = self.request
                if isinstance(body, bytes):
                    body = body.replace(TAG, uuid.uuid4().hex[:len(TAG)].encode())
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                answer.read()
                self.count(answer.status)
                if answer.status == 429 and not answer.headers.get('Retry-After'):
                    self.problems += 1
            except (OSError, http.client.HTTPException):
                self.count('closed')
                if connection:
                    connection.close()
                connection = None
                time.sleep(0.05)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.answers, self.problems = self.queue.get(timeout=240)
        self.process.join()


def bulk_body():
    """Small records that a request makes new ones of."""
    return '\n'.join(json.dumps(record(Number=i) | {'Id': f'{TAG.decode()}-{uuid.uuid4()}'})
                     for i in range(BODY_RECORDS)).encode()


def bearer(token, **more):
    return {'Authorization': f'Bearer {token}'} | more


class Overload(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ('flood', 'asker'):
            cls.lab.add_tenant(name)
        cls.flooder = cls.lab.add_token('ingest', 'flood')
        cls.flood_reader = cls.lab.add_token('analyst', 'flood')
        cls.asker = cls.lab.add_token('analyst', 'asker')
        cls.lab.ingest(cls.lab.add_token('ingest', 'asker'),
                       [record(Number=i) for i in range(20000)])
        cls.acked = []

    def work(self, seconds):
        """A small ingest and a query in turn; the times of each."""
        ingests, queries = [], []
        end = time.monotonic() + seconds
        while time.monotonic() < end or min(len(ingests), len(queries)) < SERVED_MIN:
            line = json.dumps(record(Number=len(self.acked))).encode()
            begin = time.monotonic()
            answer = self.lab.ingest(self.writer, line)
            ingests.append(time.monotonic() - begin)
            self.acked.append((answer['first_seq'], line))
            begin = time.monotonic()
            rows = self.lab.query('AuditRecords | where Operation != "" | summarize n=count()',
                                  'contoso', self.reader)
            queries.append(time.monotonic() - begin)
            self.assertEqual(len(self.acked), int(rows[0]['n']))
        return ingests, queries

    def tell(self, what, ingests, queries):
        for name, times in (('ingest', ingests), ('query', queries)):
            print(f'  {what} {name}: {len(times)} requests, median '
                  f'{statistics.median(times) * 1000:.1f} ms, slowest {max(times) * 1000:.1f} ms',
                  flush=True)

    def test_overload(self):
        self.tell('idle', *self.work(3))
        bulk = ('POST', '/v1/ingest', bulk_body(), bearer(self.flooder))
        heavy = ('POST', '/v1/query', json.dumps({
            'tenant': 'asker', 'query': 'AuditRecords | extend k = hash(strcat(Id, UserId)) | '
                                        'summarize count() by k, Id | sort by k | take 10'}),
            bearer(self.asker, **{'Content-Type': 'application/json'}))
        with Flood(self.lab, '127.0.0.2', INGEST_CLIENTS, bulk) as flood, \
                Flood(self.lab, '127.0.0.3', QUERY_CLIENTS, heavy) as asking:
            time.sleep(1)
            ingests, queries = self.work(SECONDS)
            metrics = self.lab.metrics()
            memory = self.lab.peak_memory_bytes()
        self.tell('flooded', ingests, queries)
        print(f'  ingest flood {flood.answers}, query flood {asking.answers}, peak memory '
              f'{memory >> 20} MiB, shed {metrics["shed_total"]:.0f}', flush=True)
        self.assertEqual(0, flood.problems + asking.problems, '429 without Retry-After')
        self.assertGreater(flood.answers.get(200, 0), 0)
        self.assertGreater(asking.answers.get(200, 0), 0)
        self.assertGreater(flood.answers.get(429, 0) + asking.answers.get(429, 0), 0)
        self.assertLessEqual(set(flood.answers) | set(asking.answers), {200, 429, 'closed'})
        self.assertLess(memory, RSS_BYTES_MAX)
        self.assertLess(max(ingests + queries), SLOWEST_S)
        low = self.acked[0][0]
        back = self.raw(low, self.acked[-1][0] - low + 1)
        self.assertEqual([], [seq for seq, line in self.acked if back[seq - low] != line])
        # the flood's own: as many as were acknowledged
        acked = flood.answers[200] * BODY_RECORDS
        self.assertGreaterEqual(self.count(tenant='flood', token=self.flood_reader), acked)
