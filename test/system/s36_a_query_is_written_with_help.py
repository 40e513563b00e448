# SPDX-License-Identifier: Apache-2.0
"""What an editor of queries asks for: completion, layout, plans."""
import time

from story import Story, record


class Editor(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.add_tenant('fabrikam')
        cls.stranger = cls.lab.add_token('analyst', 'fabrikam')
        cls.lab.ingest(cls.writer, [record(user=f'u{i % 3}@contoso.example', Secret=f'plan{i % 2}')
                                    for i in range(60)])
        other = cls.lab.add_token('ingest', 'fabrikam')
        cls.lab.ingest(other, [record(user='hidden@fabrikam.example')])

    def complete(self, text, token=None, **more):
        at = text.find('^')
        body = {'query': text.replace('^', ''), **more}
        if at >= 0:
            body['position'] = at
        return self.post('/v1/query/complete', body, token)

    def post(self, path, body, token=None):
        return self.lab.ask('POST', path, body, token or self.reader)

    def texts(self, *args, **more):
        return [i['text'] for i in self.complete(*args, **more)['items']]

    def test_each_place_has_its_words(self):
        self.assertIn('where', self.texts('AuditRecords | '))
        self.assertIn('OfficeActivity', self.texts('Off'))
        self.assertIn('UserId', self.texts('AuditRecords | where Us^ == 1'))
        self.assertIn('other', self.texts('AuditRecords | extend other = 1 | project o'))
        answer = self.complete('// \u00e4\u00f6\nAuditRecords | summ^')
        self.assertEqual((21, 25), (answer['from'], answer['to']))
        self.assertEqual(['summarize'], [i['text'] for i in answer['items']])

    def test_values_are_those_of_the_own_tenant(self):
        ours = self.texts('AuditRecords | where UserId == ')
        self.assertIn('"u1@contoso.example"', ours)
        self.assertNotIn('"hidden@fabrikam.example"', ours)
        self.assertEqual(['"hidden@fabrikam.example"'],
                         self.texts('AuditRecords | where UserId == ', self.stranger))
        self.assertEqual(['"plan0"', '"plan1"'], sorted(
            self.texts('AuditRecords | where AdditionalFields.Secret has "pl')))
        self.refused(404, self.complete, 'AuditRecords | where UserId == ', self.stranger,
                     tenant='contoso')

    def test_reading_values_is_recorded(self):
        mark = 'AuditRecords | where Operation != "audit-mark" and Operation == '
        self.complete(mark)
        rows = self.lab.query('DaybookAudit | where Query endswith "Operation == " '
                              '| where Query has "audit-mark"', 'contoso', self.reader)
        self.assertEqual(['AuditSearch'], [r['Operation'] for r in rows])

    def test_completion_is_quick(self):
        took = []
        for i in range(200):
            text = ['AuditRecords | where UserId == "u', 'AuditRecords | wh',
                    'OfficeActivity | where Us', 'Audi'][i % 4]
            begin = time.monotonic()
            self.complete(text)
            took.append(time.monotonic() - begin)
        took.sort()
        print(f'completion: median {took[100] * 1000:.1f} ms, p99 {took[197] * 1000:.1f} ms')
        self.assertLess(took[197], 0.4)  # the aim is 0.1 s on an idle machine

    def test_a_query_is_laid_out(self):
        self.assertEqual({'query': 'T\n| where a == 1\n'},
                         self.post('/v1/query/format', {'query': 'T|where a==1'}))
        error = self.refused(400, self.post, '/v1/query/format', {'query': 'T |\n wher x'})
        self.assertEqual((2, 2), (error['line'], error['column']))

    def test_a_plan_is_shown_and_measured(self):
        text = 'AuditRecords | where UserId == "u1@contoso.example" | summarize n = count() by Id'
        plan = self.post('/v1/query/explain', {'query': text})
        self.assertEqual(['operator', 'detail'], [c['name'] for c in plan['columns']])
        self.assertIn('UserId == "u1@contoso.example"', plan['rows'][-1][1])
        self.assertEqual(0, plan['scanned']['rows'])
        measured = self.post('/v1/query/explain', {'query': text, 'analyze': True})
        self.assertEqual(20, [r[2] for r in measured['rows'] if r[0].strip() == 'summarize'][0])
        self.assertGreater(measured['scanned']['rows'], 0)
