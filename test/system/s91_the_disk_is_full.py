# SPDX-License-Identifier: Apache-2.0
"""A disk of 64 MiB runs full under a writing server, and gets space again.

While it is full new records are refused with 507 and Retry-After, also after a
restart; queries go on, and each is recorded; what was acknowledged is there; 10
seconds after there is space again records are taken, and tenants added.  Wants root, loop
devices and ext4.
"""
import hashlib
import http.client
import json
import os
import time
import uuid

import lab
from story import OwnDisk, record

RESUME_S_MAX = 10.0
BATCH = 500
QUERIES = 10  # on a disk without a byte
BALLAST_BYTES = 8 << 20
TENANTS = 40  # more than have room in a block of the keyring


class FullDisk(OwnDisk):
    image_bytes = 64 << 20
    mkfs_options = ('-m', '0')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.filler = os.path.join(cls.place, 'filler')
        # What somebody clears away later.  The filler alone gives nothing back: a server that
        # sealed all it had before the disk ran full stands at its reserve by its own records.
        cls.ballast = os.path.join(cls.place, 'ballast')
        with open(cls.ballast, 'wb') as file:
            file.write(os.urandom(BALLAST_BYTES))
        cls.promised = {}

    def send(self):
        """One batch under a key; the status that it was answered with."""
        lines = [json.dumps(record(Noise=os.urandom(60).hex())).encode() for _ in range(BATCH)]
        status, headers, body = self.lab.http('POST', '/v1/ingest', b'\n'.join(lines),
                                              token=self.writer,
                                              headers={'Idempotency-Key': str(uuid.uuid4())})
        if status == 507:
            self.assertIn('Retry-After', headers)
        if status == 200:
            first = json.loads(body)['first_seq']
            for i, line in enumerate(lines):
                self.assertNotIn(first + i, self.promised)
                self.promised[first + i] = hashlib.sha256(line).hexdigest()
        return status

    def fill(self):
        """Takes all the space there is."""
        with open(self.filler, 'ab', buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1 << 9):
                try:
                    while True:
                        file.write(b'\0' * size)
                except OSError:
                    pass

    def compare(self):
        low, high = min(self.promised), max(self.promised)
        back = self.raw(low, high - low + 1)
        self.assertEqual(high - low + 1, len(back), 'the sequence has a gap')
        digests = [hashlib.sha256(raw).hexdigest() for raw in back]
        self.assertEqual([], [seq for seq, digest in self.promised.items()
                              if digests[seq - low] != digest])

    def audits(self):
        """How many queries with the mark are recorded."""
        rows = self.lab.query('DaybookAudit | where Query startswith "AuditRecords" and '
                              'Query has "fullmark" | count', 'contoso', self.reader)
        return int(rows[0]['Count'])

    def read(self):
        """A query, which is answered only after it is recorded."""
        return self.lab.query('AuditRecords | where Operation != "fullmark" | count', 'contoso',
                              self.reader)

    def compact(self):
        """Refused, cut off, or done: it begins with what a checkpoint gave back."""
        try:
            self.assertIn(self.lab.http('POST', '/v1/compact', b'')[0], (200, 507))
        except http.client.IncompleteRead as cut:
            self.assertNotIn(b'done', cut.partial)

    def resumes(self):
        begin = time.monotonic()
        while time.monotonic() - begin < RESUME_S_MAX:
            if self.send() == 200:
                return time.monotonic() - begin
            time.sleep(0.1)
        return None

    def test_1_it_refuses_and_loses_nothing(self):
        for _ in range(2000):
            if self.send() == 507:
                break
        else:
            self.fail('the disk did not run full')
        self.assertGreater(len(self.promised), BATCH)
        for _ in range(5):
            self.assertIn(self.send(), (200, 507))
        self.compare()

    def test_2_with_no_byte_left_it_refuses_and_resumes(self):
        self.fill()
        for _ in range(20):
            self.assertEqual(507, self.send())
            time.sleep(0.2)  # checkpoints and merges are tried meanwhile
        self.compact()
        self.assertEqual(200, self.lab.http('GET', '/livez')[0])
        disk = [c for c in self.lab.ask('GET', '/v1/status')['checks'] if c['check'] == 'disk'][0]
        self.assertEqual('bad', disk['verdict'])
        self.assertIn('records are refused with 507 until 32 MiB are', disk['text'])
        metrics = self.lab.metrics()
        self.assertLess(metrics['disk_free_bytes'], 32 << 20)
        self.assertGreaterEqual(metrics['http_answers_507_total'], 20)
        with open(self.lab.log_path, encoding='utf-8') as log:
            self.assertNotIn('starting again', log.read())
        self.fill()  # what the server gave back meanwhile
        before = self.audits()
        for _ in range(QUERIES):
            self.read()
            self.assertEqual(507, self.send())
        self.compare()  # `raw` reads too
        self.assertGreaterEqual(self.audits(), before + QUERIES)
        os.unlink(self.filler)
        os.unlink(self.ballast)
        self.assertIsNotNone(self.resumes(), 'it does not go on')
        self.compare()

    def test_3_it_starts_on_a_full_disk(self):
        self.fill()
        self.lab.kill()
        try:
            self.lab.start()
            self.assertEqual(507, self.send())
            self.read()
        except (RuntimeError, OSError, http.client.HTTPException) as error:
            self.fail(f'it does not start: {error}')
        finally:
            os.unlink(self.filler)
            if self.lab.process is None:
                self.lab.start()
        self.assertIsNotNone(self.resumes(), 'it does not go on')
        self.compare()

    def add_tenant(self):
        return self.lab.http('POST', '/v1/tenants',
                             json.dumps({'name': 't' + uuid.uuid4().hex}).encode())[0]

    def test_4_tenants_can_be_added_again(self):
        answers = []
        try:
            for _ in range(TENANTS):
                self.fill()
                answers.append(self.add_tenant())
        finally:
            os.unlink(self.filler)
        self.assertLessEqual(set(answers), {200, 507})
        self.assertIn(507, answers)
        self.assertTrue(lab.wait_until(lambda: self.add_tenant() == 200, RESUME_S_MAX))
        for _ in range(TENANTS):
            self.assertEqual(200, self.add_tenant())
        self.lab.stop()
        self.lab.start()
        self.assertEqual(200, self.add_tenant())
        self.compare()
