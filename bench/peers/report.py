# SPDX-License-Identifier: Apache-2.0
"""report - measures of all engines as a table, a picture and a verdict."""
import collections
import re
import statistics

import questions

# Whom a ratio is to: the best of these.  SQLite's trees answer a look-up as fast, at twenty
# times the space.
RIVALS = ('clickhouse', 'clickhouse_text', 'duckdb', 'victorialogs')
REFERENCE = 'duckdb'  # its SQL is the plainest; where it was not asked, another peer stands in
MIB = 1 << 20
ROWS = {  # a figure of an engine -> its row's title, and the form of a cell
    'ingest_records_per_s': ('ingest, records/s', ',.0f'),
    'ingest_cpu_s_per_million': ('ingest, CPU-s per million', '.1f'),
    'sender_cpu_s_per_million': ('the sender beside it, CPU-s per million', '.1f'),
    'tidy_cpu_s_per_million': ('to tidy up afterwards, CPU-s per million', '.1f'),
    'ingest_peak_mib': ('ingest, peak MiB', ',.0f'),
    'peak_mib': ('peak with the questions, MiB', ',.0f'),
    'written_bytes_per_record': ('written to the disk until then, bytes a record', '.1f'),
    'bytes_per_record': ('bytes on disk a record', '.1f'),
    'evidence_bytes_per_record': ('evidence, bytes on disk a record', '.1f'),
    'start_ms': ('start to ready, ms', '.0f'),
}
STAGES_AFTER = 'sender_cpu_s_per_million'  # the row that the stages' rows follow
RATIOS = {  # a figure -> the name of its ratio to each peer, and the title of that row
    'ingest_records_per_s': ('ingest', 'records/s, ratio'),
    'ingest_cpu_s_per_million': ('cpu', 'CPU-s, ratio'),
    'ingest_peak_mib': ('peak', 'peak, ratio'),
    'bytes_per_record': ('size', 'bytes, ratio'),
}
RATIO_TO_PEER = re.compile('(?:' + '|'.join(name for name, _ in RATIOS.values()) +
                           r'|Q\w+?)_ratio_(\w+)')
BEST = 'best peer / Daybook'
NOTE = ('A ratio says how many times better Daybook is: the figure of the peer by its own, of '
        f"records/s its own by the peer's; `{BEST}` is to the quickest of "
        f'{", ".join(RIVALS[:-1])} and {RIVALS[-1]}, of those that were asked.')
GROWN = {  # what may grow in proportion to the records, beside the questions
    'ingest_records_per_s': 'ingest, seconds', 'ingest_cpu_s_per_million': 'ingest, CPU-s',
    'tidy_cpu_s_per_million': 'to tidy up afterwards, CPU-s', 'ingest_peak_mib': 'ingest, peak',
    'peak_mib': 'peak with the questions', 'bytes_per_record': 'bytes on disk',
    'start_ms': 'start to ready',
}


class Report:
    def __init__(self, records, measures, goals=None):
        self.records = records
        self.goals = goals or {}
        self.ingests, self.sizes, self.afters = {}, {}, {}
        self.starts, self.failed = {}, {}
        self.queries = collections.defaultdict(dict)  # (question, variant) -> engine -> measure
        for m in measures:
            engine = m['engine']
            if m['measure'] == 'ingest':
                self.ingests[engine] = m
            elif m['measure'] == 'size':
                self.sizes[engine] = m
            elif m['measure'] == 'after':
                self.afters[engine] = m['peak_bytes']
            elif m['measure'] == 'start':
                self.starts[engine] = m['seconds'] * 1000
            elif m['measure'] == 'query':
                self.queries[m['question'], m['variant']][engine] = m
            elif m['measure'] == 'failed':
                self.failed[engine] = m['code']
        self.engines = list(self.ingests)
        self.own = {engine: self.figures_of(engine) for engine in self.engines}

    def wrong(self):
        """Peers that ended early, answers that differ from the reference's, questions that
        failed."""
        found = [f'{engine} ended with {code}' for engine, code in self.failed.items()]
        for (question, variant), answers in sorted(self.queries.items()):
            known = [e for e in answers if 'digest' in answers[e] and not e.startswith('daybook')]
            reference = REFERENCE if REFERENCE in known else next(iter(known), None)
            for engine, m in answers.items():
                if 'error' in m:
                    found.append(f"{question}.{variant} {engine}: {m['error']}")
                elif reference and m['digest'] != answers[reference]['digest']:
                    found.append(f"{question}.{variant} {engine}: {m['rows']} rows, not the same "
                                 f"as {reference}: {m['sample']}")
        return found

    def times(self, question, engine, inside=True):
        """Milliseconds of each variant: inside the server where it tells."""
        found = []
        for (name, _), answers in self.queries.items():
            m = answers.get(engine)
            if name == question and m and 'ms' in m:
                found.append(m['inside_ms'] if inside and m.get('inside_ms') is not None
                             else m['ms'])
        return found

    def figures_of(self, engine):
        """What an engine took to take the records in: name -> value, less is better but for
        records/s."""
        per_million, ingest = 1e6 / self.records, self.ingests[engine]
        found = {'ingest_records_per_s': self.records / ingest['seconds'],
                 'ingest_cpu_s_per_million': ingest['cpu_seconds'] * per_million,
                 'ingest_peak_mib': ingest['peak_bytes'] / MIB}
        if 'sender_cpu_seconds' in ingest:
            found['sender_cpu_s_per_million'] = ingest['sender_cpu_seconds'] * per_million
        if stages := dict(sorted(ingest.get('stages', {}).items())):
            stages['rest'] = ingest['cpu_seconds'] - sum(stages.values())
            found |= {stage_figure(name): seconds * per_million
                      for name, seconds in stages.items()}
        size = self.sizes.get(engine, {}) | {'written_bytes': ingest.get('written_bytes')}
        for name, measured, factor in (
                ('written_bytes_per_record', 'written_bytes', 1 / self.records),
                ('bytes_per_record', 'bytes', 1 / self.records),
                ('evidence_bytes_per_record', 'evidence_bytes', 1 / self.records),
                ('tidy_cpu_s_per_million', 'tidy_cpu_seconds', per_million)):
            if size.get(measured) is not None:
                found[name] = size[measured] * factor
        if engine in self.afters:
            found['peak_mib'] = self.afters[engine] / MIB
        if engine in self.starts:
            found['start_ms'] = self.starts[engine]
        return found

    def ratios(self):
        """To each peer: name -> how many times better Daybook is."""
        found = {}
        for engine in self.engines:
            if engine.startswith('daybook'):
                continue
            for figure, (name, _) in RATIOS.items():
                ours, theirs = self.own['daybook'].get(figure), self.own[engine].get(figure)
                if ours and theirs:
                    found[f'{name}_ratio_{engine}'] = \
                        ours / theirs if figure == 'ingest_records_per_s' else theirs / ours
        return found

    def figures(self):
        """What budgets and goals are about: name -> value; of ratios more is better."""
        found = self.own['daybook'] | self.ratios()
        for question in questions.QUESTIONS:
            own = self.times(question.name, 'daybook')
            if not own:
                continue
            found[f'{question.name}_ms'] = statistics.median(own)
            rivals = {engine: statistics.median(times) for engine in self.engines
                      if engine in RIVALS and (times := self.times(question.name, engine))}
            for engine, ms in rivals.items():
                found[f'{question.name}_ratio_{engine}'] = ms / statistics.median(own)
            if rivals:
                found[f'{question.name}_ratio'] = min(rivals.values()) / statistics.median(own)
        return found

    def missed_by(self, name, value):
        """(the goal, how many times it is missed); at most 1: it is met."""
        [(bound, goal)] = self.goals[name].items()
        return goal, goal / value if bound == 'min' else value / goal

    def goal(self, name, value):
        """What is wanted of Daybook on two processors, and by how much it is missed; also by
        bodies that are packed in another way."""
        if name not in self.goals or value is None:
            return ''
        goal, factor = self.missed_by(name, value)
        text = f'{goal:,}, ' + verdict(factor)
        for engine, figures in self.own.items():
            if not engine.startswith('daybook_') or name not in figures:
                continue
            _, factor = self.missed_by(name, figures[name])
            if factor > 1:
                text += f"; {engine.removeprefix('daybook_')} {verdict(factor)}"
        return text

    def cell(self, question, engine):
        """'median (slowest)', and of how many variants where a slow engine was not asked all."""
        times = self.times(question, engine)
        variants = len({variant for name, variant in self.queries if name == question})
        if not times:
            return ''
        fewer = f'; {len(times)} of {variants}' if len(times) < variants else ''
        return f'{statistics.median(times):.2f} ({max(times):.1f}{fewer})'

    def ingest_rows(self, ratios):
        """Cells of all that was measured while records came in, but for the questions: (title,
        a cell of each engine, the goal)."""
        stages = dict.fromkeys(name for own in self.own.values() for name in own
                               if name.startswith('stage_'))
        rows = {}
        for name, row in ROWS.items():
            rows[name] = row
            if name == STAGES_AFTER:
                rows |= {stage: (stage_title(stage), '.2f') for stage in stages}
        for name, (title, form) in rows.items():
            yield title, [format(own[name], form) if name in own else ''
                          for own in self.own.values()], \
                self.goal(name, self.own['daybook'].get(name))
            if name in RATIOS and ratios:
                short_name, title = RATIOS[name]
                names = {engine: f'{short_name}_ratio_{engine}' for engine in self.engines}
                yield title, [short(ratios[name]) if name in ratios else ''
                              for name in names.values()], \
                    '; '.join(f'{engine} {goal}' for engine, name in names.items()
                              if (goal := self.goal(name, ratios.get(name))))

    def markdown(self):
        lines = [f'| {self.records:,} records | ' + ' | '.join([*self.engines, BEST]) +
                 ' | goal |', '|---|' + '---:|' * (len(self.engines) + 1) + '---|']
        figures, ratios = self.figures(), self.ratios()

        def row(title, cells, best='', goal=''):
            lines.append(f'| {title} | ' + ' | '.join(c if c else '-' for c in [*cells, best, goal])
                         + ' |')

        for title, cells, goal in self.ingest_rows(ratios):
            row(title, cells, goal=goal)
        for question in questions.QUESTIONS:
            name = question.name
            best = figures.get(f'{name}_ratio')
            row(f'{name} {question.title}, ms', [self.cell(name, e) for e in self.engines],
                '' if best is None else short(best),
                self.goal(f'{name}_ms', figures.get(f'{name}_ms')))
            if self.times(name, 'daybook'):
                row(f'{name} over HTTPS, ms', [
                    f'{statistics.median(self.times(name, e, inside=False)):.2f}'
                    if e.startswith('daybook') and self.times(name, e) else ''
                    for e in self.engines])
        return '\n'.join([*lines, '', NOTE] if ratios else lines)

    def picture(self):
        """Bars, on a scale of powers of ten: each question's median for each engine."""
        engines = [e for e in self.engines
                   if any(self.times(q.name, e) for q in questions.QUESTIONS)]
        colours = ['#0b6e4f', '#c8963e', '#4464ad', '#8e5572', '#7a7a7a', '#b0413e']
        asked = [q for q in questions.QUESTIONS if self.times(q.name, 'daybook')]
        height, width, left = 22 + 16 * len(engines), 1000, 330
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
                 f'height="{height * len(asked) + 60}" font-family="sans-serif" font-size="12">',
                 f'<rect width="{width}" height="{height * len(asked) + 60}" fill="white"/>']
        for i, engine in enumerate(engines):
            parts.append(f'<rect x="{20 + i * 150}" y="14" width="12" height="12" '
                         f'fill="{colours[i % len(colours)]}"/>'
                         f'<text x="{38 + i * 150}" y="24">{engine}</text>')
        for n, question in enumerate(asked):
            top = 44 + n * height
            parts.append(f'<text x="10" y="{top + 14}">{question.name} {question.title}</text>')
            for i, engine in enumerate(engines):
                times = self.times(question.name, engine)
                if not times:
                    continue
                value = statistics.median(times)
                size = bar(value)
                y = top + i * 16
                parts.append(f'<rect x="{left}" y="{y}" width="{size:.0f}" height="13" '
                             f'fill="{colours[i % len(colours)]}"/><text x="{left + size + 6:.0f}" '
                             f'y="{y + 11}">{short(value)} ms</text>')
        parts.append('</svg>')
        return '\n'.join(parts) + '\n'


def short(value):
    return f'{value:,.0f}' if value >= 100 else f'{value:.3g}'


def verdict(factor):
    return 'met' if factor <= 1 else f'missed by {factor:.2f}x'


def stage_figure(stage):
    return f'stage_{stage}_cpu_s_per_million'


def stage_title(figure):
    return f"stage {figure.split('_')[1]}, CPU-s per million"


def bar(ms):
    """Pixels for a time: 110 for each power of ten above 0.01 ms."""
    length = 0.0
    while ms > 0.01 and length < 600:
        step = min(ms / 0.01, 10)
        length += 110 * (step - 1) / 9
        ms /= 10
    return max(length, 2)


def cost(name, table):
    """Of a figure that is a rate or of one record: what all records took."""
    value = table['figures'][name]
    if name == 'ingest_records_per_s':
        return table['records'] / value
    return value * table['records'] if name.endswith(('_per_million', '_per_record')) else value


def growth(smaller, larger):
    """By how much costs grew between two tables {"records", "figures"}; the goal is that none
    grows faster than the records do."""
    factor = larger['records'] / smaller['records']
    lines = [f"| from {smaller['records']:,} to {larger['records']:,} records | grew by | goal: no "
             'faster than linear |', '|---|---:|---|']
    titles = GROWN | {f'{q.name}_ms': f'{q.name} {q.title}' for q in questions.QUESTIONS}
    for name, title in titles.items():
        if smaller['figures'].get(name) and name in larger['figures']:
            grown = cost(name, larger) / cost(name, smaller)
            lines.append(f'| {title} | {short(grown)} | {factor:,g}, {verdict(grown / factor)} |')
    return '\n'.join(lines)


def is_due(name, asked):
    """Whether engines that were asked should have given this figure."""
    if match := RATIO_TO_PEER.fullmatch(name):
        return match[1] in asked
    for question in questions.QUESTIONS:
        if name == f'{question.name}_ratio':
            return any(engine in RIVALS and question.text(engine, {}) is not None
                       for engine in asked)
    return True


def broken_budgets(figures, budgets, asked):
    """`{"name": {"min": x}}` or `max`; of engines that were not asked nothing is wanted."""
    found = []
    for name, budget in budgets.items():
        value = figures.get(name)
        if value is None:
            if is_due(name, asked):
                found.append(f'{name} was not measured')
            continue
        if 'min' in budget and value < budget['min']:
            found.append(f'{name} is {value:.2f}, at least {budget["min"]} is wanted')
        if 'max' in budget and value > budget['max']:
            found.append(f'{name} is {value:.2f}, at most {budget["max"]} is wanted')
    return found
