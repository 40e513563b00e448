#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the peers are asked: the same of all, with columns that all of them have."""
import hashlib
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, '../../bench')
sys.path.insert(0, os.path.join(BENCH, 'peers'))
import clickhouse  # noqa: E402  (stands beside the benchmark)
import draw  # noqa: E402  (stands beside the benchmark)
import duckdb  # noqa: E402  (stands beside the benchmark)
import questions  # noqa: E402  (stands beside the benchmark)
import sqlite  # noqa: E402  (stands beside the benchmark)

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

    def test_goals_and_budgets_are_about_questions_that_there_are(self):
        for name in ('goals.json', 'budgets.json'):
            with open(os.path.join(BENCH, name), encoding='utf-8') as file:
                told = re.findall(r'"(Q\w+)_(?:ms|ratio)\w*"', file.read())
            self.assertTrue(told, name)
            self.assertLessEqual(set(told), set(BY_NAME), name)


if __name__ == '__main__':
    unittest.main()
