#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the benchmark may say: equal answers are equal, others are told, budgets hold."""
import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest
import unittest.mock

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
sys.path.insert(0, os.path.join(ROOT, 'bench/peers'))
import engine  # noqa: E402  (stands beside the benchmark)
import keep  # noqa: E402  (stands beside the benchmark)
import questions  # noqa: E402  (stands beside the benchmark)
import report  # noqa: E402


def program(name, path):
    """A program without an ending, as a module."""
    path = os.path.join(ROOT, path)
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


bench = program('bench_run', 'bench/run')
beside = program('beside_run', 'bench/beside/run')


def measure(engine, question, digest, ms, **more):
    return {'measure': 'query', 'engine': engine, 'question': question, 'variant': 0, 'ms': ms,
            'rows': 1, 'digest': digest, 'sample': [], **more}


def ingested(engine, seconds, size, **more):
    return [{'measure': 'before', 'engine': engine, 'date': '2026-11-30', 'load': 1},
            {'measure': 'ingest', 'engine': engine, 'seconds': seconds, 'cpu_seconds': 1.0,
             'peak_bytes': 1 << 20, **more}, {'measure': 'size', 'engine': engine, 'bytes': size}]


def row(table, title):
    """The cells of a row, by the columns' names."""
    lines = [[cell.strip() for cell in line.strip('|').split('|')]
             for line in table.splitlines() if line.startswith('|')]
    [cells] = [cells for cells in lines if cells[0] == title]
    return dict(zip(lines[0][1:], cells[1:]))


class Answers(unittest.TestCase):
    def test_spellings_of_one_value_are_equal(self):
        ours = questions.canonical('rows', [['a', 3, '2026-03-01T08:00:00.0000000Z'],
                                             [None, 0, '']])
        theirs = questions.canonical('rows', [['', '0', None], ['a', 3.0, '2026-03-01 08:00:00']])
        self.assertEqual(ours, theirs)

    def test_another_value_is_another_answer(self):
        self.assertNotEqual(questions.canonical('rows', [['a', 3]]),
                            questions.canonical('rows', [['a', 4]]))

    def test_records_are_known_by_their_id(self):
        self.assertEqual(questions.canonical('ids', [{'Id': 'B'}, {'Id': 'a'}]),
                         questions.canonical('ids', [{'Id': 'A'}, {'Id': 'b'}]))

    def test_every_question_has_constants_for_all_its_places(self):
        for question in questions.QUESTIONS:
            for engine in ('daybook', 'duckdb', 'clickhouse', 'sqlite'):
                text = question.text(engine, {}) or ''
                self.assertNotIn('{}', text, question.name)


class Verdict(unittest.TestCase):
    def report(self, *queries):
        return report.Report(1000, [*ingested('daybook', 1, 1000), *ingested('duckdb', 3, 9000),
                                    *queries])

    def test_a_different_answer_is_told(self):
        told = self.report(measure('daybook', 'Q4', 'x', 1),
                           measure('duckdb', 'Q4', 'y', 2)).wrong()
        self.assertEqual(1, len(told))
        self.assertIn('Q4.0 daybook', told[0])

    def test_another_peer_stands_in_where_the_reference_was_not_asked(self):
        told = self.report(measure('daybook', 'Q4', 'x', 1),
                           measure('clickhouse', 'Q4', 'y', 2)).wrong()
        self.assertEqual(1, len(told))
        self.assertIn('as clickhouse', told[0])

    def test_a_question_that_failed_is_told(self):
        failed = {'measure': 'query', 'engine': 'duckdb', 'question': 'Q4', 'variant': 0,
                  'error': 'no such table'}
        self.assertIn('no such table', self.report(failed).wrong()[0])

    def test_ratios_are_to_the_best_rival_and_more_is_better(self):
        figures = self.report(measure('daybook', 'Q4', 'x', 9, inside_ms=2),
                              measure('duckdb', 'Q4', 'x', 6)).figures()
        self.assertEqual(3, figures['Q4_ratio'])
        self.assertEqual(3, figures['ingest_ratio_duckdb'])
        self.assertEqual(9, figures['size_ratio_duckdb'])

    def test_a_lost_budget_is_told(self):
        figures = {'Q4_ratio': 1.5, 'bytes_per_record': 120}
        told = report.broken_budgets(figures, {'Q4_ratio': {'min': 2},
                                               'bytes_per_record': {'max': 115}}, ['daybook'])
        self.assertEqual(2, len(told))
        self.assertEqual([], report.broken_budgets(figures, {'Q4_ratio': {'min': 1.5}},
                                                   ['daybook']))

    def test_a_budget_of_an_engine_that_was_asked_and_gave_nothing_is_told(self):
        budgets = {'size_ratio_duckdb': {'min': 9}, 'Q1_ratio': {'min': 1},
                   'cpu_ratio_clickhouse': {'min': 1}, 'bytes_per_record': {'max': 115}}
        told = report.broken_budgets({'bytes_per_record': 100}, budgets, ['daybook', 'duckdb'])
        self.assertEqual(['size_ratio_duckdb was not measured', 'Q1_ratio was not measured'], told)
        # Neither was asked, or not for what has no index.
        self.assertEqual([], report.broken_budgets({'bytes_per_record': 100}, budgets,
                                                   ['daybook', 'clickhouse_text', 'sqlite']))

    def test_a_budget_that_nothing_measures_is_told(self):
        self.assertEqual(['unknown was not measured'], report.broken_budgets(
            {}, {'unknown': {'min': 1}}, ['daybook']))

    def test_every_budget_and_goal_is_about_a_figure(self):
        engines = ['daybook', 'duckdb', 'sqlite', 'plain', 'clickhouse', 'clickhouse_text',
                   'clickhouse_json', 'victorialogs']
        stages = {stage: 0.1 for stage in ('detect', 'evidence')}
        measures = [m for e in engines for m in ingested(e, 1, 9, stages=stages)]
        measures += [measure(e, q.name, 'x', 1) for e in ('daybook', 'duckdb', 'clickhouse')
                     for q in questions.QUESTIONS]
        measures += [{'measure': 'size', 'engine': 'daybook', 'bytes': 9, 'evidence_bytes': 1},
                     {'measure': 'start', 'engine': 'daybook', 'seconds': 1}]
        figures = report.Report(1000, measures).figures()
        for names in (*bench.load_json(os.path.join(ROOT, 'bench/budgets.json')).values(),
                      bench.load_json(os.path.join(ROOT, 'bench/goals.json'))):
            self.assertEqual([], [name for name in names if name not in figures])

    def test_the_table_says_by_how_much_a_goal_is_missed(self):
        goals = {'Q4_ms': {'max': 0.5}, 'ingest_records_per_s': {'min': 3000},
                 'start_ms': {'max': 50}}
        table = report.Report(1000, [*ingested('daybook', 1, 1000),
                                     measure('daybook', 'Q4', 'x', 9, inside_ms=2)],
                              goals).markdown().splitlines()
        self.assertTrue([line for line in table
                         if line.startswith('| Q4 ') and line.endswith('| 0.5, missed by 4.00x |')])
        self.assertTrue([line for line in table if line.startswith('| ingest, records/s ')
                         and line.endswith('| 3,000, missed by 3.00x |')])
        self.assertTrue([line for line in table
                         if line.startswith('| start to ready') and line.endswith('| - | - |')])

    def test_a_goal_is_held_against_bodies_of_each_packing(self):
        goals = {'ingest_records_per_s': {'min': 1000}, 'bytes_per_record': {'max': 1}}
        table = report.Report(1000, [*ingested('daybook', 2, 1000),
                                     *ingested('daybook_identity', 4, 1000),
                                     *ingested('daybook_gzip', 1, 3000)], goals).markdown()
        self.assertEqual('1,000, missed by 2.00x; identity missed by 4.00x',
                         row(table, 'ingest, records/s')['goal'])
        self.assertEqual('1, met; gzip missed by 3.00x',
                         row(table, 'bytes on disk a record')['goal'])

    def test_the_table_has_the_ratios_to_each_peer_and_their_goals(self):
        goals = {'ingest_ratio_clickhouse': {'min': 1.5}, 'size_ratio_duckdb': {'min': 2},
                 'ingest_ratio_victorialogs': {'min': 5}}
        table = report.Report(1000, [
            *ingested('daybook', 1, 1000), *ingested('duckdb', 3, 9000),
            *ingested('clickhouse', 0.5, 500), measure('daybook', 'Q4', 'x', 9, inside_ms=2),
            measure('duckdb', 'Q4', 'x', 6), measure('clickhouse', 'Q4', 'x', 5)], goals).markdown()
        rate = row(table, 'records/s, ratio')
        self.assertEqual(('-', '3', '0.5'), (rate['daybook'], rate['duckdb'], rate['clickhouse']))
        self.assertEqual('clickhouse 1.5, missed by 3.00x', rate['goal'])
        size = row(table, 'bytes, ratio')
        self.assertEqual(('9', '0.5'), (size['duckdb'], size['clickhouse']))
        self.assertEqual('duckdb 2, met', size['goal'])
        self.assertEqual('1', row(table, 'CPU-s, ratio')['duckdb'])
        self.assertEqual('1', row(table, 'peak, ratio')['duckdb'])
        self.assertEqual('2.5', row(table, 'Q4 count by a column, ms')[report.BEST])
        self.assertTrue(table.endswith(report.NOTE))

    def test_what_is_in_no_stage_and_what_comes_after_have_rows(self):
        measures = ingested('daybook', 1, 5000, stages={'build': 0.5, 'evidence': 0.125},
                            sender_cpu_seconds=0.25)
        measures[-1] |= {'evidence_bytes': 2000, 'tidy_cpu_seconds': 2}
        measures.append({'measure': 'after', 'engine': 'daybook', 'peak_bytes': 3 << 20})
        table = report.Report(1000, measures, {'evidence_bytes_per_record': {'max': 5},
                                               report.stage_figure('evidence'): {'max': 100}})
        table = table.markdown()
        self.assertEqual('375.00', row(table, 'stage rest, CPU-s per million')['daybook'])
        self.assertEqual('100, missed by 1.25x',
                         row(table, 'stage evidence, CPU-s per million')['goal'])
        self.assertEqual('2000.0',
                         row(table, 'to tidy up afterwards, CPU-s per million')['daybook'])
        self.assertEqual({'daybook': '2.0', report.BEST: '-', 'goal': '5, met'},
                         row(table, 'evidence, bytes on disk a record'))
        self.assertEqual('3', row(table, 'peak with the questions, MiB')['daybook'])
        self.assertEqual('250.0',
                         row(table, 'the sender beside it, CPU-s per million')['daybook'])


class Growth(unittest.TestCase):
    def table(self, records, seconds, size, ms):
        found = report.Report(records, [*ingested('daybook', seconds, size),
                                        measure('daybook', 'Q4', 'x', ms)])
        return {'records': records, 'threads': 2, 'figures': found.figures()}

    def test_what_grew_faster_than_the_records_misses_the_goal(self):
        told = report.growth(self.table(1000, 1, 5000, 2), self.table(10000, 15, 40000, 50))
        goal = 'goal: no faster than linear'
        self.assertEqual({'grown by': '15', goal: '10, missed by 1.50x'},
                         row(told.replace('grew by', 'grown by'), 'ingest, seconds'))
        self.assertEqual({'grew by': '8', goal: '10, met'}, row(told, 'bytes on disk'))
        self.assertEqual({'grew by': '1', goal: '10, met'}, row(told, 'ingest, CPU-s'))
        self.assertEqual({'grew by': '25', goal: '10, missed by 2.50x'},
                         row(told, 'Q4 count by a column'))


class Patience(unittest.TestCase):
    class Slow(engine.Engine):
        name = 'duckdb'

        def __init__(self):  # nothing but answers
            self.asked = 0

        def answer(self, _):
            self.asked += 1
            return ['n'], [[1]]

        def ask(self, _):
            return 0.001, None

        @staticmethod
        def as_records(_names, _rows):
            return []

    def asked(self, patience_s):
        slow, said = self.Slow(), io.StringIO()
        with contextlib.redirect_stdout(said):
            engine.measure_questions(slow, [{}] * 10, 1, patience_s)
        return slow.asked, [json.loads(line) for line in said.getvalue().splitlines()]

    def test_a_question_that_takes_long_is_not_asked_in_all_variants(self):
        all_asked, _ = self.asked(60)
        few_asked, said = self.asked(0)
        self.assertEqual(all_asked, 10 * few_asked)
        whole = [m | {'engine': 'daybook', 'variant': n} for m in said for n in range(10)]
        table = report.Report(1000, [*ingested('daybook', 1, 1000), *ingested('duckdb', 3, 9000),
                                     *whole, *said]).markdown().splitlines()
        [line] = [line for line in table if line.startswith('| Q4 count')]
        self.assertIn('; 1 of 10)', line.split('|')[3])
        self.assertNotIn(' of ', line.split('|')[2])


class Run(unittest.TestCase):
    """bench/run itself, without engines."""

    def options(self, **more):
        options = argparse.Namespace(**{
            'records': [1000], 'threads': [2], 'peers': 'duckdb', 'also_packed': 'none', 'times': 1,
            'patience': 1, 'out': None, 'grown_from': None, 'picture': None, 'keep': None,
            'cache_mib': None, 'seed': 1} | more)
        return options

    def told(self, run, records, measures, is_whole=True):
        size = bench.of_size(run.options, records)
        size.now_threads = 2
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            run.tell(size, measures, is_whole)
        return said.getvalue()

    def test_a_peer_that_ends_early_fails_the_run(self):
        size = bench.of_size(self.options(), 1000)
        size.now_threads = 1
        with tempfile.TemporaryDirectory() as directory, \
                contextlib.redirect_stderr(io.StringIO()):
            measures, is_whole = bench.run_engine('no_such+peer', 'data', size, directory)
        self.assertFalse(is_whole)
        run = bench.Run(self.options())
        self.told(run, 1000, [*ingested('daybook', 1, 1000), *measures])
        self.assertEqual(['no_such_peer ended with 1'], run.failed)

    def test_a_budget_without_a_figure_fails_the_run_unless_it_was_interrupted(self):
        run, measures = bench.Run(self.options()), ingested('daybook', 1, 1000)
        run.budgets = {'2 threads': {'size_ratio_duckdb': {'min': 1},
                                     'size_ratio_plain': {'min': 1}}}
        self.told(run, bench.RECORDS_OF_GOALS, measures, is_whole=False)
        self.assertEqual([], run.failed)
        self.told(run, bench.RECORDS_OF_GOALS, measures)
        self.assertEqual(['size_ratio_duckdb was not measured'], run.failed)

    def test_growth_is_told_from_the_same_run_and_from_one_before(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, 'out.json')
            first = bench.Run(self.options(out=path, records=[1000, 10000]))
            said = self.told(first, 1000, ingested('daybook', 1, 1000))
            self.assertNotIn('grew by', said)
            said = self.told(first, 10000, ingested('daybook', 20, 1000))
            self.assertIn('| ingest, seconds | 20 | 10, missed by 2.00x |', said)
            second = bench.Run(self.options(grown_from=path, records=[20000]))
            said = self.told(second, 20000, ingested('daybook', 20, 1000))
            self.assertIn('| ingest, seconds | 1 | 2, met |', said)
            with self.assertRaisesRegex(SystemExit, 'fewer than 1,000 records on 2'):
                bench.Run(self.options(grown_from=path))

    def test_each_number_of_records_has_a_directory_of_its_own(self):
        with tempfile.TemporaryDirectory() as directory, \
                unittest.mock.patch.object(bench.keep, 'program_sum', return_value='0'):
            kept = [bench.of_size(self.options(keep=directory), n).kept for n in (10, 20)]
            kept[0].put('duckdb', 2, ingested('duckdb', 3, 9000))
            self.assertIsNone(kept[1].get('duckdb', 2))

    def test_constants_of_another_seed_are_not_mixed_in(self):
        with tempfile.TemporaryDirectory() as directory, \
                unittest.mock.patch.object(bench.keep, 'program_sum', return_value='0'):
            size = bench.of_size(self.options(keep=directory), 10)
            self.assertEqual('1', size.env['DAYBOOK_BENCH_SEED'])
            with self.assertRaisesRegex(keep.Mismatch, 'differs in seed:'):
                bench.of_size(self.options(keep=directory, seed=2), 10)


class Beside(unittest.TestCase):
    def test_what_waits_for_more_than_twice_its_idle_time_is_told(self):
        told = beside.stalled({
            ('ingest', 'alone'): ([0.004] * 10, [0]), ('queries', 'alone'): ([0.01] * 10, [0]),
            ('ingest', 'beside {:,.0f} queries/s'): ([0.008] * 10, [200]),
            ('queries', 'beside {:,.0f} records/s'): ([0.025] * 10, [30000, 50000])})
        self.assertEqual(['queries, beside 40,000 records/s: 99 % within 25.0 ms, 2.50 times idle, '
                          'at most 2 is wanted'], told)


class Kept(unittest.TestCase):
    def test_what_was_measured_is_there_in_the_next_run(self):
        with tempfile.TemporaryDirectory() as directory:
            first = keep.Keep(directory, {'records': 10})
            self.assertIsNone(first.get('duckdb', 2))
            first.put('duckdb', 2, ingested('duckdb', 3, 9000))
            again = keep.Keep(directory, {'records': 10})
            self.assertEqual(ingested('duckdb', 3, 9000), again.get('duckdb', 2))
            self.assertIsNone(again.get('duckdb', 1))

    def test_measures_of_something_else_are_not_mixed_in(self):
        with tempfile.TemporaryDirectory() as directory:
            keep.Keep(directory, {'records': 10, 'program': 'a'})
            with self.assertRaisesRegex(keep.Mismatch, 'differs in program:'):
                keep.Keep(directory, {'records': 10, 'program': 'b'})

    def test_a_table_says_when_and_how_busy_the_machine_was(self):
        told = keep.describe([{'measure': 'before', 'date': '2026-11-30', 'load': 0.25},
                              {'measure': 'before', 'date': '2026-11-29', 'load': 2},
                              *ingested('duckdb', 3, 9000)])
        self.assertEqual('2026-11-29 to 2026-11-30, load before each 0.2 to 2.0', told)


if __name__ == '__main__':
    unittest.main()
