#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the peers are asked: the same of all, with columns that all of them have; and that the
runner of VictoriaLogs sends and asks, of a server that stands in for it."""
import collections
import contextlib
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import types
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, '../../bench')
sys.path.insert(0, os.path.join(BENCH, 'peers'))
import clickhouse  # noqa: E402  (stands beside the benchmark)
import draw  # noqa: E402  (stands beside the benchmark)
import duckdb  # noqa: E402  (stands beside the benchmark)
import engine  # noqa: E402  (stands beside the benchmark)
import questions  # noqa: E402  (stands beside the benchmark)
import sqlite  # noqa: E402  (stands beside the benchmark)
import victorialogs  # noqa: E402  (stands beside the benchmark)

ENGINES = ('daybook', 'duckdb', 'clickhouse', 'clickhouse_text', 'clickhouse_json', 'sqlite',
           'victorialogs', 'plain')
PLACE = re.compile(r'\{[a-z_]+\}')
COLUMN_PLACES = ('entity', 'column', 'owner', 'used', 'counted', 'grouped', 'ring', 'rare_column',
                 'common_column', 'mailbox', 'left', 'right', 'series', 'text_column', 'unique')
BY_NAME = {question.name: question for question in questions.QUESTIONS}


def variants(seed):
    """Of a table whose values follow from what is asked of it."""
    return draw.Draw(lambda text: [hashlib.sha256(f'{i} {text}'.encode()).hexdigest()
                                   for i in range(10)], 1000, seed).variants()


class Drawn(unittest.TestCase):
    def test_a_seed_gives_the_same_again(self):
        self.assertEqual(variants(7), variants(7))
        self.assertEqual(10, len(variants(7)))

    def test_another_seed_gives_other_constants_and_other_columns(self):
        one, other = variants(1), variants(2)
        for name in ('message', 'rare', 'entity_value', 'rare_value'):
            self.assertFalse({v[name] for v in one} & {v[name] for v in other}, name)
        for name in ('entity', 'column', 'ring', 'series', 'unique'):
            self.assertNotEqual([v[name] for v in one], [v[name] for v in other], name)

    def test_the_seed_is_that_of_the_environment(self):
        kept = os.environ.pop('DAYBOOK_BENCH_SEED', None)
        try:
            self.assertEqual(1, draw.seed())
            os.environ['DAYBOOK_BENCH_SEED'] = '12'
            self.assertEqual(12, draw.seed())
        finally:
            os.environ.pop('DAYBOOK_BENCH_SEED')
            if kept is not None:
                os.environ['DAYBOOK_BENCH_SEED'] = kept

    def test_a_variant_is_not_another(self):
        for question in questions.QUESTIONS:
            texts = [question.text('daybook', variant) for variant in variants(1)]
            self.assertGreaterEqual(len(set(texts)), 9, question.name)

    def test_every_place_is_filled(self):
        for variant in variants(3):
            for question in questions.QUESTIONS:
                for name in ENGINES:
                    text = question.text(name, variant) or ''
                    self.assertIsNone(PLACE.search(text), f'{question.name} {name}: {text}')

    def test_every_column_that_is_drawn_is_one_of_all_peers(self):
        peers = {'duckdb': {*duckdb.COLUMNS, 'Id', 'ClientIP'}, 'sqlite': set(sqlite.COLUMNS),
                 'clickhouse': set(re.findall(r'(\w+) \w+', clickhouse.TABLE)),
                 'clickhouse_json': {*clickhouse.JSON_TEXTS, *clickhouse.JSON_NUMBERS}}
        drawn = set(draw.COLUMNS)
        for seed in range(20):
            for variant in variants(seed):
                for place in COLUMN_PLACES:
                    drawn.update(variant[place].split(', '))
        for name, columns in peers.items():
            self.assertLessEqual(drawn, columns, name)
        self.assertEqual(drawn, set(draw.COLUMNS))


class Asked(unittest.TestCase):
    def test_two_forms_of_a_question_are_one_to_the_peers(self):
        for name, form, word in (('Q1', 'Q1s', '* has'), ('Q9', 'Q9s', '| scan ')):
            self.assertEqual(BY_NAME[name].texts, BY_NAME[form].texts)
            self.assertNotIn(word, BY_NAME[name].kql)
            self.assertIn(word, BY_NAME[form].kql)

    def test_the_json_type_is_asked_all_that_needs_no_text_of_the_record(self):
        asked = {q.name for q in questions.QUESTIONS if q.template('clickhouse_json')}
        self.assertEqual(set(BY_NAME) - {'Q8r', 'Q8R', 'Q8c', 'Q14'}, asked)

    def test_victorialogs_is_asked_all_that_it_has_words_for(self):
        asked = {q.name for q in questions.QUESTIONS if q.template('victorialogs')}
        self.assertEqual({'Q1', 'Q1s', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7', 'Q8r', 'Q8R', 'Q8c',
                          'Q10', 'Q10b'}, asked)

    def test_goals_and_budgets_are_about_questions_that_there_are(self):
        for name in ('goals.json', 'budgets.json'):
            with open(os.path.join(BENCH, name), encoding='utf-8') as file:
                told = re.findall(r'"(Q\w+)_(?:ms|ratio)\w*"', file.read())
            self.assertTrue(told, name)
            self.assertLessEqual(set(told), set(BY_NAME), name)


class VictoriaLogs(unittest.TestCase):
    """The runner, with a server that stands in for the program."""

    def setUp(self):
        self.home = tempfile.TemporaryDirectory(prefix='daybook-peers-')
        self.addCleanup(self.home.cleanup)
        data = os.path.join(self.home.name, 'records.ndjson')
        self.records = [{'CreationTime': f'2026-03-01T08:{i // 60:02}:{i % 60:02}',
                         'Id': f'{i:08x}', 'OrganizationId': 'o', 'Workload': f'w{i % 7}',
                         'AppId': '' if i % 3 == 0 else f'a{i % 5}',
                         'ClientIP': f'192.0.2.{i % 50}'} for i in range(2000)]
        with open(data, 'w', encoding='utf-8') as file:
            file.write('\n'.join(json.dumps(record) for record in self.records))
        os.environ['DAYBOOK_BENCH_VICTORIALOGS'] = os.path.join(HERE, 'logs_server.py')
        self.addCleanup(os.environ.pop, 'DAYBOOK_BENCH_VICTORIALOGS')
        bodies = victorialogs.BODY_BYTES
        victorialogs.BODY_BYTES = 1 << 14  # many bodies, cut within records
        self.addCleanup(setattr, victorialogs, 'BODY_BYTES', bodies)
        self.runner = victorialogs.engine(types.SimpleNamespace(
            data=data, dir=self.home.name, threads=2, records=len(self.records)), '')
        self.runner.merges_s = 0
        self.addCleanup(self.close)

    def close(self):
        self.runner.close()
        self.assertIsNotNone(self.runner.process.returncode)

    def measured(self, measure, *arguments):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            measure(self.runner, *arguments)
        return [json.loads(line) for line in said.getvalue().splitlines()]

    def asked(self, name, **constants):
        [told] = self.measured(engine.measure_question, BY_NAME[name], 0, constants, 1)
        return told

    def test_all_records_go_in_and_are_measured(self):
        ingest, size = self.measured(engine.measure_ingest)
        self.assertGreater(ingest['seconds'], 0)
        self.assertGreater(ingest['peak_bytes'], 1 << 20)
        self.assertGreater(size['bytes'], 1 << 10)
        [row] = self.runner.answer('* | stats count() c')[1]
        self.assertEqual([str(len(self.records))], row)

    def test_groups_are_counted_that_have_no_value_too(self):
        self.runner.ingest()
        wanted = collections.Counter(record['AppId'] for record in self.records)
        self.assertIn('', wanted)
        self.assertEqual(self.asked('Q4', column='AppId')['digest'], hashlib.sha256('\n'.join(
            questions.canonical('rows', wanted.items())).encode()).hexdigest())

    def test_records_come_back_by_their_ids(self):
        self.runner.ingest()
        wanted = [record for record in self.records if record['ClientIP'] == '192.0.2.9']
        held = draw.held('ClientIP', '192.0.2.9')
        told = self.asked('Q3', **held)
        self.assertEqual(len(wanted), told['rows'])
        self.assertEqual(told['digest'], hashlib.sha256('\n'.join(
            questions.canonical('ids', wanted)).encode()).hexdigest())

    def test_of_alike_counts_the_first_by_their_group_are_the_ten(self):
        self.runner.ingest()
        names, rows = self.runner.answer(
            '* | stats by (ClientIP) count() c | sort by (c desc) limit 1000')
        self.assertEqual(['ClientIP', 'c'], names)
        addresses = sorted({record['ClientIP'] for record in self.records})
        self.assertEqual([[address, '40'] for address in addresses[:10]], rows)

    def test_a_question_that_it_refuses_is_told(self):
        self.runner.ingest()
        self.assertIn('cannot parse', self.asked('Q10', rare_column='AppId', rare_value='a1',
                                                 mailbox='UserId')['error'])


if __name__ == '__main__':
    unittest.main()
