# SPDX-License-Identifier: Apache-2.0
"""A file system becomes read-only under a writing server, as ext4 does after an error.

Nothing is acknowledged any more, the log says why, and when the file system is whole
again what was acknowledged is there.  Wants root, loop devices and an ext4 that can be
told to fail.
"""
import hashlib
import http.client
import json
import os
import subprocess
import unittest

import lab
from story import OwnDisk, mount, record

TRIES = 20


class ReadOnly(OwnDisk):
    mkfs_options = ('-e', 'remount-ro')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with open('/proc/mounts', encoding='utf-8') as mounts:
            device = [line.split()[0] for line in mounts if f' {cls.place} ' in line][0]
        cls.trigger = f'/sys/fs/ext4/{os.path.basename(device)}/trigger_fs_error'
        if not os.path.exists(cls.trigger):
            raise unittest.SkipTest('this kernel makes no ext4 fail')
        cls.lab.stop()
        cls.lab.log_path = cls.place + '.log'  # of a disk that can be written to
        cls.addClassCleanup(os.unlink, cls.lab.log_path)
        cls.lab.start()
        cls.promised = {}

    def send(self):
        """Is the batch acknowledged?"""
        lines = [json.dumps(record()).encode() for _ in range(10)]
        try:
            first = self.lab.ingest(self.writer, b'\n'.join(lines))['first_seq']
        except (OSError, http.client.HTTPException, lab.Refused):
            return False
        for i, line in enumerate(lines):
            self.promised[first + i] = hashlib.sha256(line).hexdigest()
        return True

    def log_says(self, text):
        with open(self.lab.log_path, encoding='utf-8') as log:
            return text in log.read()

    def test_it_ends_and_nothing_is_lost(self):
        for _ in range(5):
            self.assertTrue(self.send())
        with open(self.trigger, 'w', encoding='utf-8') as trigger:
            trigger.write('a test')
        for _ in range(TRIES):
            self.assertFalse(self.send())
        self.assertTrue(lab.wait_until(lambda: self.log_says('starting again'), 20))
        self.assertTrue(self.log_says('nothing can be made durable any more'))
        self.assertTrue(self.log_says('Read-only file system'))
        self.lab.stop()
        gone = lab.wait_until(lambda: subprocess.run(
            ['umount', self.place], check=False, capture_output=True).returncode == 0, 20)
        self.assertTrue(gone, 'the file system is still in use')
        mended = subprocess.run(['e2fsck', '-fy', self.image], check=False, capture_output=True)
        self.assertIn(mended.returncode, (0, 1), mended.stdout)
        self.assertIsNone(mount(self.image, self.place))
        self.lab.start()
        self.assertTrue(self.send())
        low, high = min(self.promised), max(self.promised)
        back = self.raw(low, high - low + 1)
        self.assertEqual(high - low + 1, len(back), 'the sequence has a gap')
        self.assertEqual([], [seq for seq, digest in self.promised.items()
                              if hashlib.sha256(back[seq - low]).hexdigest() != digest])
