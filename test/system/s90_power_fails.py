# SPDX-License-Identifier: Apache-2.0
"""The file system goes down under a writing server, as in a power cut.

An ext4 of our own on a loop device, shut down without flushing
(EXT4_IOC_SHUTDOWN); wants root, loop devices and ext4.  DAYBOOK_CUTS is how
often (5).
"""
import fcntl
import hashlib
import json
import os
import random
import struct
import subprocess
import threading
import time

import lab
from story import OwnDisk, mount, record

CUTS = int(os.environ.get('DAYBOOK_CUTS', '5'))
EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2


class PowerCuts(OwnDisk):
    image_bytes = 512 << 20

    def cut(self):
        """The disk is gone; then the power comes back."""
        place = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(place, EXT4_IOC_SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
        finally:
            os.close(place)
        self.lab.kill()
        gone = lab.wait_until(lambda: subprocess.run(
            ['umount', self.place], check=False, capture_output=True).returncode == 0, 20)
        self.assertTrue(gone, 'the file system is still in use')
        self.assertIsNone(mount(self.image, self.place))
        self.lab.start()

    def test_what_was_acknowledged_survives(self):
        rng = random.Random(2)
        promised, seen = {}, {}
        for _ in range(CUTS):
            stop = threading.Event()
            threads = [threading.Thread(target=self.write, args=(promised, stop)),
                       threading.Thread(target=self.watch, args=(seen, stop))]
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.1, 0.8))
            self.cut()
            stop.set()
            for thread in threads:
                thread.join(30)
            self.check_seen(seen)
        self.assertGreater(len(promised), 0)
        self.assertGreater(len(seen), 0)
        low, high = min(promised), max(promised)
        back = self.raw(low, high - low + 1)
        self.assertEqual(high - low + 1, len(back), 'the sequence has a gap')
        self.assertEqual([], [seq for seq, digest in promised.items()
                              if hashlib.sha256(back[seq - low]).hexdigest() != digest])

        sent = [mail['Id'] for mail in map(json.loads, back) if mail.get('Operation') == 'Send']
        self.assertEqual(len(sent), len(set(sent)), 'some were stored twice')
        self.assertEqual(len(sent),
                         self.count(f'AuditRecords | where _Seq between ({low} .. {high})'))
        done = self.lab.cli('verify', '--tenant', 'contoso')
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def check_seen(self, seen):
        """What a reader saw was durable then."""
        rows = self.lab.query('AuditRecords | project _Seq, Id', 'contoso', self.reader)
        there = {int(row['_Seq']): row['Id'] for row in rows}
        self.assertEqual({}, {seq: known for seq, known in seen.items()
                              if there.get(seq) != known})

    def watch(self, seen, stop):
        while not stop.is_set():
            text = f'AuditRecords | where _Seq > {max(seen, default=0)} | project _Seq, Id'
            try:
                rows = self.lab.query(text, 'contoso', self.reader)
            except Exception:  # the cut
                return
            seen.update((int(row['_Seq']), row['Id']) for row in rows)

    def write(self, promised, stop):
        while not stop.is_set():
            lines = [json.dumps(record()).encode() for _ in range(10)]
            try:
                answer = self.lab.ingest(self.writer, b'\n'.join(lines))
            except Exception:  # the cut: nothing was promised
                return
            for i, line in enumerate(lines):
                promised[answer['first_seq'] + i] = hashlib.sha256(line).hexdigest()
