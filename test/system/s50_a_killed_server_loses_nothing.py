# SPDX-License-Identifier: Apache-2.0
"""kill -9 again and again under clients that retry, with a ledger kept outside.

DAYBOOK_KILLS is how often (20).  In the end every acknowledged record is there
once, with its bytes, and the sequence has no gap.
"""
import hashlib
import http.client
import json
import os
import random
import threading
import time
import uuid

import lab
from story import Story, record

KILLS = int(os.environ.get('DAYBOOK_KILLS', '20'))
CLIENTS = 3
BATCH = 20


class Client(threading.Thread):
    """Sends batches, each until it is acknowledged, and writes down what was promised."""

    def __init__(self, story, number):
        super().__init__(daemon=True)
        self.story, self.number = story, number
        self.ledger = []  # (first_seq, [sha256 of each record]) of acknowledged requests
        self.retries = 0
        self.stopping = False

    def run(self):
        while not self.stopping:
            lines = [json.dumps(record(user=f'{self.number}@contoso.example')).encode()
                     for _ in range(BATCH)]
            self.send(b'\n'.join(lines), lines, str(uuid.uuid4()))

    def send(self, body, lines, key):
        while True:
            try:
                answer = self.story.lab.ingest(self.story.writer, body, key=key)
                self.ledger.append((answer, [hashlib.sha256(l).hexdigest() for l in lines]))
                return
            except (OSError, http.client.HTTPException):
                pass
            except lab.Refused as refused:
                if refused.status not in (429, 503):
                    raise
            self.retries += 1
            time.sleep(0.02)


class Kills(Story):
    def test_no_acknowledged_record_is_lost_or_doubled(self):
        rng = random.Random(1)
        clients = [Client(self, n) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.5))
            self.lab.kill()
            self.lab.start()
        time.sleep(0.3)
        for client in clients:
            client.stopping = True
        for client in clients:
            client.join(60)
            self.assertFalse(client.is_alive())
        promised = {}
        for client in clients:
            for answer, hashes in client.ledger:
                self.assertEqual(BATCH, answer['stored'])
                for i, digest in enumerate(hashes):
                    self.assertNotIn(answer['first_seq'] + i, promised)
                    promised[answer['first_seq'] + i] = digest
        self.assertGreater(len(promised), KILLS * BATCH / 4)
        self.compare(promised)

    def compare(self, promised):
        low, high = min(promised), max(promised)
        back = self.raw(low, high - low + 1)
        self.assertEqual(high - low + 1, len(back), 'the sequence has a gap')
        digests = [hashlib.sha256(raw).hexdigest() for raw in back]
        self.assertEqual([], [seq for seq, digest in promised.items()
                              if digests[seq - low] != digest])
        self.assertEqual(len(promised), len(set(promised.values())), 'a record is there twice')
        # The numbers of a tenant are shared by its tables: other rows are the audit of reading.
        self.assertEqual(len(promised), self.count())
