# SPDX-License-Identifier: Apache-2.0
"""KQL over HTTPS and by the command line."""
import csv
import io
import json
import os
import threading

import lab
import mmdb
from story import Story, record


class Query(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.ingest(cls.writer, [record(user=f'u{i % 3}@contoso.example', N=i,
                                           operation='Send' if i % 2 else 'Create')
                                    for i in range(100)])

    def ask(self, text):
        return self.lab.query(text, 'contoso', self.reader)

    def command(self, *args):
        done = self.lab.cli('query', '--tenant', 'contoso', *args, token=self.reader)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_count_filter_summarize(self):
        self.assertEqual([{'Count': 100}],
                         self.ask('AuditRecords | where UserId startswith "u" | count'))
        rows = self.ask('AuditRecords | where UserId startswith "u" '
                        '| summarize n = count() by UserId | order by UserId asc')
        self.assertEqual([('u0@contoso.example', 34), ('u1@contoso.example', 33),
                          ('u2@contoso.example', 33)], [(r['UserId'], r['n']) for r in rows])

    def test_undeclared_fields_are_reached(self):
        rows = self.ask('AuditRecords | summarize s = sum(toint(AdditionalFields.N))')
        self.assertEqual(4950, rows[0]['s'])

    def test_views_of_other_names_see_the_same_records(self):
        rows = self.ask('OfficeActivity | where UserId startswith "u" | count')
        self.assertEqual([{'Count': 100}], rows)

    def test_an_empty_store_binds_declared_columns(self):
        rows = self.ask('SigninLogs | where UserPrincipalName has "x" and ResultType == "0"')
        self.assertEqual([], rows)

    def test_an_error_names_line_and_column(self):
        error = self.refused(400, self.ask, 'AuditRecords\n| where NoSuchColumn == 1')
        self.assertEqual((2, 9), (error['line'], error['column']))
        self.assertIn('NoSuchColumn', error['message'])

    def test_places_of_addresses_are_in_a_file_that_the_operator_names(self):
        ask = 'print p = geo_info_from_ip_address("203.0.113.9") | project c = tostring(p.city)'
        self.assertEqual('', self.ask(ask)[0]['c'])
        database = os.path.join(self.lab.parent, 'city.mmdb')
        config = os.path.join(self.lab.parent, 'places.yml')
        mmdb.write(database, {'203.0.113.0/24': mmdb.place('Iceland', 'Capital Region',
                                                           'Reykjavik', 64.1, -21.9)})
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'geoip_database: {database}\n')
        self.lab.stop()
        self.lab.start('--config', config)
        self.assertEqual('Reykjavik', self.ask(ask)[0]['c'])
        self.lab.stop()
        with open(database, 'wb') as file:
            file.write(b'no database')
        with self.assertRaisesRegex(RuntimeError, 'is no database of addresses'):
            self.lab.start('--config', config)
        self.lab.start()

    def test_output_formats(self):
        text = ('AuditRecords | where UserId startswith "u" | summarize n = count() by Operation '
                '| order by n asc, Operation asc')
        lines = [json.loads(l) for l in self.command('-o', 'ndjson', text).splitlines()]
        self.assertEqual([{'Operation': 'Create', 'n': 50}, {'Operation': 'Send', 'n': 50}], lines)
        rows = list(csv.DictReader(io.StringIO(self.command('-o', 'csv', text))))
        self.assertEqual([('Create', '50'), ('Send', '50')],
                         [(r['Operation'], r['n']) for r in rows])
        self.assertIn('Operation', self.command('-o', 'table', text))

    def test_control_characters_do_not_reach_the_terminal(self):
        self.lab.ingest(self.writer, [record(user='a\u001b[31mred', Mark='esc')])
        out = self.command('-o', 'table', 'AuditRecords | where UserId has "red" | project UserId')
        self.assertNotIn('\u001b', out)

    def test_batch_answers_each_line_in_order(self):
        path = os.path.join(self.lab.parent, 'batch')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('{"id":"a","query":"print x = 1"}\n{"id":"b","query":"print y ="}\n'
                       '{"id":"c","query":"AuditRecords | count"}\n{"id":"d","query":\n')
        lines = [json.loads(l) for l in self.command('--batch', path).splitlines()]
        self.assertEqual(['a', 'b', 'c', None], [l['id'] for l in lines])
        self.assertEqual([[1]], lines[0]['rows'])
        self.assertEqual((True, 0), (lines[0]['complete'], lines[0]['scanned']['rows']))
        self.assertGreater(lines[2]['watermark'], 0)
        self.assertGreater(lines[2]['scanned']['rows'], 0)
        self.assertEqual(['parse', 'parse'], [lines[1]['phase'], lines[3]['phase']])

    def test_a_line_of_a_batch_that_is_too_long_is_answered(self):
        long = json.dumps({'id': 'long', 'query': 'print 1 //' + 'x' * (5 << 20)})
        done = self.lab.cli('query', '--tenant', 'contoso', '--batch', '-',
                            data=long + '\n{"id":"next","query":"print 2"}\n')
        self.assertEqual(0, done.returncode, done.stderr)
        refused, answered = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(('long', 'limit', 'parse'),
                         (refused['id'], refused['code'], refused['phase']))
        self.assertEqual([[2]], answered['rows'])

    def test_an_empty_restriction_is_no_restriction_and_is_refused(self):
        for command in (('token', 'add', '--role', 'admin', '--tenant', ''),
                        ('token', 'add', '--role', 'ingest', '--tenant', 'contoso', '--table', ''),
                        ('query', '--tenant', 'contoso', '--batch', '-', '--now', '')):
            done = self.lab.cli(*command, data='')
            self.assertEqual(2, done.returncode, command)
            self.assertIn('is empty', done.stderr)
        for body in ({'role': 'admin', 'tenant': ''},
                     {'role': 'ingest', 'tenant': 'contoso', 'table': ''}):
            self.refused(400, self.lab.ask, 'POST', '/v1/tokens', json.dumps(body))
        self.refused(400, self.lab.ask, 'GET', '/v1/functions?tenant=')

    def test_a_line_of_a_batch_waits_for_its_place(self):
        slow = ('set servertimeout = 5s; range x from 1 to 50000000 step 1'
                ' | where hash_sha256(strrep(tostring(x), 1000)) == ""')
        others = [threading.Thread(target=self.lab.cli, args=('query', '--tenant', 'contoso', slow))
                  for _ in range(2 * (os.cpu_count() or 1) + 4)]
        for other in others:
            other.start()
        self.assertTrue(lab.wait_until(lambda: self.lab.cli('query', '--tenant', 'contoso',
                                                            'print 1').returncode == 4),
                        'they have all places')
        lines = ''.join(json.dumps({'id': n, 'query': f'print {n}'}) + '\n' for n in range(3))
        done = self.lab.cli('query', '--tenant', 'contoso', '--batch', '-', data=lines)
        for other in others:
            other.join()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual([[[0]], [[1]], [[2]]],
                         [json.loads(line)['rows'] for line in done.stdout.splitlines()])

    def test_a_parameter_has_a_name_and_one_value(self):
        query = 'declare query_parameters(n:long = 1); print n'
        self.assertIn('7', self.command('-o', 'csv', '--parameter', 'n=7', query))
        for wrong in (['=7'], ['n'], ['n=7', 'n=8']):
            options = [part for value in wrong for part in ('--parameter', value)]
            done = self.lab.cli('query', '--tenant', 'contoso', *options, query, token=self.reader)
            self.assertEqual(2, done.returncode, wrong)
            self.assertIn('parameter', done.stderr)

    def test_batch_without_a_store_has_no_tables(self):
        done = self.lab.run('query', '--batch', '/dev/stdin',
                            data='{"id":1,"query":"range i from 1 to 3 step 1"}\n'
                                 '{"id":2,"query":"AuditRecords"}\n')
        self.assertEqual(0, done.returncode, done.stderr)
        lines = [json.loads(l) for l in done.stdout.splitlines()]
        self.assertEqual([[1], [2], [3]], lines[0]['rows'])
        self.assertIn('error', lines[1])

    def test_reading_leaves_a_trace(self):
        self.ask('AuditRecords | where UserId == "a-trace-of-this"')
        rows = self.lab.query('DaybookAudit | where tostring(pack_all()) has "a-trace-of-this" '
                              '| count', 'contoso')
        self.assertGreaterEqual(rows[0]['Count'], 1)
