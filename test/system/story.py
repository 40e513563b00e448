# SPDX-License-Identifier: Apache-2.0
"""What the stories have in common."""
import datetime
import json
import os
import subprocess
import tempfile
import unittest
import uuid

import lab


def record(user='ann@contoso.example', operation='Send', **more):
    """A small audit record of now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return {'CreationTime': now.strftime('%Y-%m-%dT%H:%M:%S'), 'Id': str(uuid.uuid4()),
            'Operation': operation, 'RecordType': 2, 'UserId': user, 'Workload': 'Exchange',
            'ClientIP': '192.0.2.7'} | more


def text_of(records):
    return ''.join(json.dumps(r) + '\n' for r in records)


class Story(unittest.TestCase):
    """A story has a server of its own, with a tenant `contoso` and its tokens."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.lab = lab.Lab()
        cls.addClassCleanup(cls.lab.remove)
        cls.lab.start()
        cls.lab.add_tenant('contoso')
        cls.writer = cls.lab.add_token('ingest', 'contoso')
        cls.reader = cls.lab.add_token('analyst', 'contoso')

    def refused(self, status, function, *args, **more):
        """The call is answered with this status; its error."""
        with self.assertRaises(lab.Refused) as caught:
            function(*args, **more)
        self.assertEqual(status, caught.exception.status, caught.exception.body)
        return json.loads(caught.exception.body)['error']

    def shared(self, name, cases):
        path = lab.shared(name)
        if path is None:
            self.skipTest(f'SKIPPED ({cases} cases): {name} is not in DAYBOOK_SHARED')
        return path

    def count(self, table='AuditRecords', tenant='contoso', token=None):
        rows = self.lab.query(f'{table} | count', tenant, token or self.reader)
        return int(rows[0]['Count'])

    def raw(self, first, count, token=None, tenant='contoso'):
        """The exact bytes of records, by the command line."""
        done = self.lab.cli('raw', '--tenant', tenant, '--from-seq', str(first), '--count',
                            str(count), '-0', token=token or self.reader, text=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.split(b'\0')[:-1]


def mount(image, place):
    """What is wrong, or None."""
    done = subprocess.run(['mount', '-o', 'loop,noatime', image, place], capture_output=True,
                          text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


class OwnDisk(Story):
    """A story whose server stands on an ext4 of its own; wants root and loop devices."""

    image_bytes = 64 << 20
    mkfs_options = ()

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest('mounting wants root')
        cls.place = tempfile.mkdtemp(prefix='daybook-disk-')
        cls.addClassCleanup(os.rmdir, cls.place)
        cls.image = cls.place + '.ext4'
        with open(cls.image, 'wb') as file:
            file.truncate(cls.image_bytes)
        cls.addClassCleanup(os.unlink, cls.image)
        made = subprocess.run(['mkfs.ext4', '-q', *cls.mkfs_options, cls.image], check=False,
                              capture_output=True)
        problem = 'no mkfs.ext4' if made.returncode else mount(cls.image, cls.place)
        if problem:
            raise unittest.SkipTest(f'this kernel lends no loop device: {problem}')
        cls.addClassCleanup(subprocess.run, ['umount', '-l', cls.place], check=False,
                            capture_output=True)
        cls.lab = lab.Lab(directory=os.path.join(cls.place, ''))
        cls.addClassCleanup(cls.lab.kill)
        cls.lab.start()
        cls.lab.add_tenant('contoso')
        cls.writer = cls.lab.add_token('ingest', 'contoso')
        cls.reader = cls.lab.add_token('analyst', 'contoso')
