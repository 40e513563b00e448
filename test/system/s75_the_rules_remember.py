# SPDX-License-Identifier: Apache-2.0
"""What the first-seen rule has learnt survives a restart and a killed server."""
import datetime
import unittest

import lab
from story import Story, record

APP = '11111111-2222-4333-8444-555555555555'
OTHER = '99999999-2222-4333-8444-555555555555'


def access(days_ago, mailbox='ann@contoso.example', app=APP, address='10.1.1.1'):
    when = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days_ago)
    return record(user=mailbox, operation='MailItemsAccessed', RecordType=50, AppId=app,
                  MailboxOwnerUPN=mailbox, ClientIPAddress=address,
                  CreationTime=when.strftime('%Y-%m-%dT%H:%M:%S'))


class Remembers(Story):
    def pairs(self):
        rows = self.lab.query('FirstSeen | where Kind == "pair" | count', 'contoso', self.reader)
        return int(rows[0]['Count'])

    def alerts(self):
        return self.lab.query('SecurityAlert | project CompromisedEntity', 'contoso', self.reader)

    def settle(self, pairs):
        """Hits are written beside the answer: wait for them."""
        self.assertTrue(lab.wait_until(lambda: self.pairs() == pairs))

    def test_a_baseline_outlives_the_process(self):
        self.lab.ingest(self.writer, [access(day) for day in range(20, 1, -1)])
        self.settle(1)
        self.assertEqual(0, self.lab.stop())
        self.lab.start()
        self.lab.ingest(self.writer, [access(1)])
        self.lab.kill()
        self.lab.start()
        self.lab.ingest(self.writer, [access(0.5)])
        self.lab.ingest(self.writer, [access(0.1, app=OTHER, address='203.0.113.9')])
        self.settle(2)
        self.assertEqual([{'CompromisedEntity': 'ann@contoso.example'}], self.alerts())
        self.lab.kill()
        self.lab.start()
        self.lab.ingest(self.writer, [access(0, app=OTHER, address='203.0.113.9')])
        self.assertEqual(2, self.pairs())
        self.assertEqual(1, len(self.alerts()))


if __name__ == '__main__':
    unittest.main()
