# SPDX-License-Identifier: Apache-2.0
"""What the stories have in common."""
import datetime
import json
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
