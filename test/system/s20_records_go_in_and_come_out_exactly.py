# SPDX-License-Identifier: Apache-2.0
"""Every format, the limits, records that are odd, records that are broken."""
import gzip
import json
import os
import uuid

import lab
from story import Story, record, text_of

MIB = 1 << 20


class Formats(Story):
    def put(self, body, **more):
        return self.lab.ingest(self.writer, body, **more)

    def comes_back(self, answer, raws):
        self.assertEqual(len(raws), answer['count'])
        self.assertEqual(raws, self.raw(answer['first_seq'], answer['count']))

    def test_ndjson(self):
        lines = [json.dumps(record()) for _ in range(5)]
        self.comes_back(self.put('\n'.join(lines)), [l.encode() for l in lines])

    def test_ndjson_with_blank_lines_and_carriage_returns(self):
        lines = [json.dumps(record()) for _ in range(2)]
        self.comes_back(self.put(f'\n{lines[0]}\r\n\r\n\n{lines[1]}\r\n'),
                        [l.encode() for l in lines])

    def test_array_keeps_the_bytes_of_each_element(self):
        lines = [json.dumps(record(), indent=2) for _ in range(3)]
        self.comes_back(self.put('[ ' + ' ,\n'.join(lines) + ' ]'), [l.encode() for l in lines])

    def test_gzip(self):
        lines = [json.dumps(record()) for _ in range(3)]
        self.comes_back(self.put('\n'.join(lines), encoding='gzip'), [l.encode() for l in lines])

    def test_odd_spacing_numbers_and_escapes_survive(self):
        odd = ('{ "CreationTime" : "2026-01-02T03:04:05.1234567Z","Id":"' + str(uuid.uuid4()) +
               '",\t"RecordType":2, "Operation":"Se\\u006ed","N":1.0e+02,"M":-0,"B":[ ],'
               '"Id2":"\\ud83d\\ude00\\/","Long":9007199254740993}')
        self.comes_back(self.put(odd), [odd.encode()])

    def test_files_by_the_command_line(self):
        lines = [json.dumps(record()) for _ in range(4)]
        for suffix, pack in (('.ndjson', bytes), ('.ndjson.gz', gzip.compress)):
            path = os.path.join(self.lab.parent, 'records' + suffix)
            lines = [json.dumps(record()) for _ in range(4)]
            with open(path, 'wb') as file:
                file.write(pack(('\n'.join(lines) + '\n').encode()))
            done = self.lab.cli('ingest', '--tenant', 'contoso', '-o', 'json', path)
            self.assertEqual(0, done.returncode, done.stderr)
            self.comes_back(json.loads(done.stdout), [l.encode() for l in lines])

    def test_standard_input_by_the_command_line(self):
        line = json.dumps(record())
        done = self.lab.cli('ingest', '--tenant', 'contoso', '-o', 'json', '-', data=line + '\n')
        self.assertEqual(0, done.returncode, done.stderr)
        self.comes_back(json.loads(done.stdout), [line.encode()])

    def test_another_table(self):
        before = self.count('Firewall_CL') if self.has('Firewall_CL') else 0
        self.put('{"TimeGenerated":"2026-01-01T00:00:00Z","Port":443}', table='Firewall_CL')
        self.assertEqual(before + 1, self.count('Firewall_CL'))

    def has(self, table):
        try:
            self.count(table)
            return True
        except lab.Refused:
            return False

    def test_without_a_table_a_foreign_shape_is_refused_by_name(self):
        error = self.refused(400, self.put, '{"hello":"world"}')
        self.assertIn('table', error['message'])

    def test_records_are_searchable_within_a_second(self):
        mark = str(uuid.uuid4())
        self.put([record(user=mark)])
        found = lab.wait_until(lambda: self.lab.query(
            f"AuditRecords | where UserId == '{mark}' | count", 'contoso', self.reader)
            [0]['Count'] == 1, 1)
        self.assertTrue(found)


class Duplicates(Story):
    def test_the_same_record_is_stored_once(self):
        body = text_of([record(), record()])
        first = self.lab.ingest(self.writer, body)
        again = self.lab.ingest(self.writer, body)
        self.assertEqual((2, 0), (first['stored'], first['duplicates']))
        self.assertEqual((0, 2), (again['stored'], again['duplicates']))

    def test_the_same_id_with_other_bytes_is_stored_and_counted(self):
        one = record()
        self.lab.ingest(self.writer, [one])
        answer = self.lab.ingest(self.writer, [one | {'ResultStatus': 'Failed'}])
        self.assertEqual((1, 1), (answer['stored'], answer['conflicting']))

    def test_records_without_an_id_are_never_left_out(self):
        one = {'TimeGenerated': '2026-01-01T00:00:00Z', 'A': 1}
        before = self.lab.ingest(self.writer, [one, one], table='NoId_CL')
        self.assertEqual(2, before['stored'])

    def test_a_key_used_again_gives_the_first_answer(self):
        body = text_of([record()])
        first = self.lab.ingest(self.writer, body, key='k1')
        again = self.lab.ingest(self.writer, body, key='k1')
        self.assertEqual((first['first_seq'], first['receipt']),
                         (again['first_seq'], again['receipt']))
        self.assertEqual(422, self.status(text_of([record()]), 'k1'))

    def status(self, body, key):
        return self.lab.http('POST', '/v1/ingest', body, self.writer,
                             {'Idempotency-Key': key,
                              'Content-Type': 'application/x-ndjson'})[0]


class Limits(Story):
    def test_a_request_over_64_mib_is_413_and_stores_nothing(self):
        before = self.count()
        body = (text_of([record(Pad='x' * 900)]) * 1).encode()
        big = body * (65 * MIB // len(body))
        status, _, _ = self.lab.http('POST', '/v1/ingest', gzip.compress(big, 1), self.writer,
                                     {'Content-Encoding': 'gzip',
                                      'Content-Type': 'application/x-ndjson'})
        self.assertEqual(413, status)
        self.assertEqual(before, self.count())

    def test_a_record_over_1_mib_is_set_aside_whole(self):
        line = json.dumps(record(Pad='x' * (MIB + 1)))
        answer = self.lab.ingest(self.writer, line, table='AuditRecords')
        self.assertEqual([0], [q['index'] for q in answer['quarantined']])
        self.assertEqual([line.encode()], self.raw(answer['first_seq'], 1))

    def test_a_record_that_is_too_deep_is_set_aside(self):
        line = json.dumps(record())[:-1] + ',"D":' + '[' * 70 + ']' * 70 + '}'
        answer = self.lab.ingest(self.writer, line, table='AuditRecords')
        self.assertEqual(1, len(answer['quarantined']))

    def test_text_that_is_not_utf8_is_set_aside_with_its_bytes(self):
        line = json.dumps(record(Pad='mark')).encode().replace(b'mark', b'\xff\xfe')
        answer = self.lab.ingest(self.writer, line, table='AuditRecords')
        self.assertEqual(1, len(answer['quarantined']))
        self.assertEqual([line], self.raw(answer['first_seq'], 1))

    def test_an_unknown_encoding_is_refused(self):
        status, _, _ = self.lab.http('POST', '/v1/ingest', b'x', self.writer,
                                     {'Content-Encoding': 'br'})
        self.assertEqual(415, status)

    def test_a_broken_gzip_stores_nothing(self):
        before = self.count()
        body = gzip.compress(text_of([record()]).encode())[:-9]
        status, _, _ = self.lab.http('POST', '/v1/ingest', body, self.writer,
                                     {'Content-Encoding': 'gzip'})
        self.assertEqual(400, status)
        self.assertEqual(before, self.count())


class OddRecords(Story):
    def test_edge_cases_come_back_byte_by_byte(self):
        cases = [json.loads(line) for line in
                 lab.lines_of(self.shared('data/edge_cases.jsonl', 1))]
        lines = [json.dumps(case['record']).encode() for case in cases
                 if isinstance(case.get('record'), dict)]
        answer = self.lab.ingest(self.writer, b'\n'.join(lines), table='AuditRecords')
        self.assertEqual(len(lines), answer['records'])
        back = self.raw(answer['first_seq'], answer['count'])
        skipped = set(answer.get('duplicate_indexes', []))
        self.assertEqual([l for i, l in enumerate(lines) if i not in skipped], back)

    def test_malformed_lines_are_kept_and_told(self):
        with open(self.shared('data/malformed_lines.json', 1), encoding='utf-8') as file:
            lines = json.load(file)
        lines = [l for l in lines if l.strip() and '\n' not in l]
        good = json.dumps(record())
        for line in lines:
            body = f'{good}\n{line}\n'.encode('utf-8', 'surrogatepass')
            with self.subTest(line=line[:60]):
                answer = self.lab.ingest(self.writer, body, table='AuditRecords')
                self.assertEqual(2, answer['records'])
                try:
                    fine = isinstance(json.loads(line.lstrip('\ufeff').rstrip('\r')), dict)
                except (ValueError, RecursionError):
                    fine = False
                if not fine:
                    self.assertEqual([1], [q['index'] for q in answer['quarantined']])
                if answer['count']:
                    last = self.raw(answer['first_seq'] + answer['count'] - 1, 1)[0]
                    self.assertEqual(body.split(b'\n')[1].rstrip(b'\r'), last)
