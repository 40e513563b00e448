# SPDX-License-Identifier: Apache-2.0
"""A question with a watermark sees the same records for ever, whatever comes meanwhile."""
import threading

from story import Story, record

SENDERS = 3
ROUNDS = 6
PAGE = 97


class Watermark(Story):
    def ask(self, text, watermark, **more):
        body = {'query': text, 'tenant': 'contoso', 'watermark': watermark}
        return self.lab.ask('POST', '/v1/query', body | more, self.reader)

    def send(self, sender, stop):
        number = 0
        while not stop.wait(0.02):
            number += 1
            user = f's{sender}@contoso.example'
            self.lab.ingest(self.writer, [record(user=user, N=number * 10 + i)
                                          for i in range(1 + number % 7)],
                            table='AuditRecords' if number % 3 else 'Other_CL')

    def pages(self, table, watermark):
        """All numbers of a table; each page is asked for behind the last of the one before."""
        last, numbers = 0, []
        while True:
            answer = self.ask(f'{table} | where _Seq > {last} | top {PAGE} by _Seq asc '
                              '| project _Seq', watermark)
            self.assertEqual(watermark, answer['watermark'])
            page = [row[0] for row in answer['rows']]
            numbers += page
            if len(page) < PAGE:
                return numbers
            last = page[-1]

    def test_pages_are_the_same_beside_senders_flushes_and_a_restart(self):
        self.lab.ingest(self.writer, [record()], table='Other_CL')
        stop = threading.Event()
        senders = [threading.Thread(target=self.send, args=(i, stop)) for i in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            seen = self.look_for_a_while()
        finally:
            stop.set()
            for sender in senders:
                sender.join()
        for restart in (False, True):
            if restart:
                self.lab.stop()
                self.lab.start()
            for watermark, pages in seen.items():
                self.assertEqual(pages, self.both(watermark), f'{watermark}, restart {restart}')

    def both(self, watermark):
        return {table: self.pages(table, watermark) for table in ('AuditRecords', 'Other_CL')}

    def look_for_a_while(self):
        seen = {}
        for turn in range(ROUNDS):
            watermark = self.ask('print 1', 'now')['watermark']
            seen[watermark] = self.both(watermark)
            self.assertEqual(seen[watermark], self.both(watermark), watermark)
            # With what the server itself has recorded every number is there, once.
            self.assertEqual(list(range(1, watermark + 1)), self.pages('union *', watermark))
            if turn % 2 == 1:
                self.lab.cli('compact', '--quiet')
        self.assertGreater(len(seen), ROUNDS // 2)
        return seen

    def test_views_aggregates_and_the_command_see_no_more(self):
        self.lab.ingest(self.writer, [record(user='v@contoso.example') for _ in range(5)])
        watermark = self.ask('print 1', 'now')['watermark']
        count = 'OfficeActivity | where UserId == "v@contoso.example" | summarize count()'
        self.lab.ingest(self.writer, [record(user='v@contoso.example') for _ in range(7)])
        self.assertEqual([[5]], self.ask(count, watermark)['rows'])
        self.assertEqual([[12]], self.ask(count, 'now')['rows'])
        done = self.lab.cli('query', '--tenant', 'contoso', '--watermark', str(watermark), '-o',
                            'csv', count, token=self.reader)
        self.assertEqual('count_\n5\n', done.stdout.replace('\r', ''), done.stderr)

    def test_what_cannot_be_held_is_refused(self):
        error = self.refused(400, self.ask, 'print 1', 10 ** 12)
        self.assertIn('is ahead of', error['message'])
        error = self.refused(400, self.ask, 'print 1', 'then')
        self.assertIn('"now"', error['message'])
        body = {'query': 'print 1', 'all_tenants': True, 'watermark': 'now'}
        self.lab.add_tenant('fabrikam-too')
        error = self.refused(400, self.lab.ask, 'POST', '/v1/query', body,
                             self.lab.add_token('operator'))
        self.assertIn('one tenant', error['message'])
        done = self.lab.cli('query', '--tenant', 'contoso', '--watermark', 'x', 'print 1')
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertIn('--watermark', done.stderr)
