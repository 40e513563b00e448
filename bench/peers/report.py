# SPDX-License-Identifier: Apache-2.0
"""report - measures of all engines as a table, a picture and a verdict."""
import collections
import statistics

import questions

# Whom a ratio is to: the best of these.  SQLite's trees answer a look-up as fast, at twenty
# times the space.
RIVALS = ('clickhouse', 'clickhouse_text', 'duckdb', 'victorialogs')
REFERENCE = 'duckdb'  # its SQL is the plainest; where it was not asked, another peer stands in
MIB = 1 << 20


class Report:
    def __init__(self, records, measures, goals=None):
        self.records = records
        self.goals = goals or {}
        self.ingests, self.sizes, self.afters = {}, {}, {}
        self.starts = {}
        self.queries = collections.defaultdict(dict)  # (question, variant) -> engine -> measure
        for m in measures:
            engine = m['engine']
            if m['measure'] == 'ingest':
                self.ingests[engine] = m
            elif m['measure'] == 'size':
                self.sizes[engine] = m['bytes']
            elif m['measure'] == 'after':
                self.afters[engine] = m['peak_bytes']
            elif m['measure'] == 'start':
                self.starts[engine] = m['seconds'] * 1000
            elif m['measure'] == 'query':
                self.queries[m['question'], m['variant']][engine] = m
        self.engines = list(self.ingests)

    def wrong(self):
        """Answers that differ from the reference's, and questions that failed."""
        found = []
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

    def figures(self):
        """What budgets are about: name -> value; ratios are peer / Daybook, more is better."""
        ours = self.ingests['daybook']
        found = {
            'ingest_records_per_s': self.records / ours['seconds'],
            'ingest_cpu_s_per_million': ours['cpu_seconds'] * 1e6 / self.records,
            'bytes_per_record': self.sizes['daybook'] / self.records,
            'ingest_peak_mib': ours['peak_bytes'] / MIB,
        }
        if 'daybook' in self.starts:
            found['start_ms'] = self.starts['daybook']
        for engine in self.engines:
            if engine.startswith('daybook'):
                continue
            found[f'ingest_ratio_{engine}'] = self.ingests[engine]['seconds'] / ours['seconds']
            found[f'size_ratio_{engine}'] = self.sizes[engine] / self.sizes['daybook']
        for question in questions.QUESTIONS:
            own = self.times(question.name, 'daybook')
            if not own:
                continue
            found[f'{question.name}_ms'] = statistics.median(own)
            rivals = [statistics.median(times) for engine in self.engines
                      if engine in RIVALS and (times := self.times(question.name, engine))]
            if rivals:
                found[f'{question.name}_ratio'] = min(rivals) / statistics.median(own)
        return found

    def goal(self, figures, name):
        """What is wanted of Daybook on two processors, and by how much it is missed."""
        if name not in self.goals or name not in figures:
            return ''
        [(bound, goal)] = self.goals[name].items()
        factor = goal / figures[name] if bound == 'min' else figures[name] / goal
        return f'{goal:,}, ' + ('met' if factor <= 1 else f'missed by {factor:.2f}x')

    def cell(self, question, engine):
        """'median (slowest)', and of how many variants where a slow engine was not asked all."""
        times = self.times(question, engine)
        variants = len({variant for name, variant in self.queries if name == question})
        if not times:
            return ''
        fewer = f'; {len(times)} of {variants}' if len(times) < variants else ''
        return f'{statistics.median(times):.2f} ({max(times):.1f}{fewer})'

    def markdown(self):
        lines = [f'| {self.records:,} records | ' + ' | '.join(self.engines) + ' | goal |',
                 '|---|' + '---:|' * len(self.engines) + '---|']
        figures = self.figures()

        def row(title, value, name=None):
            cells = [value(engine) for engine in self.engines] + [self.goal(figures, name)]
            lines.append(f'| {title} | ' + ' | '.join(c if c else '-' for c in cells) + ' |')

        row('ingest, records/s', lambda e: f"{self.records / self.ingests[e]['seconds']:,.0f}",
            'ingest_records_per_s')
        row('ingest, CPU-s per million',
            lambda e: f"{self.ingests[e]['cpu_seconds'] * 1e6 / self.records:.1f}",
            'ingest_cpu_s_per_million')
        row('of that the sender, apart',
            lambda e: f"{self.ingests[e]['sender_cpu_seconds'] * 1e6 / self.records:.1f}"
            if 'sender_cpu_seconds' in self.ingests[e] else '')
        stages = {s for e in self.engines for s in self.ingests[e].get('stages', {})}
        for stage in sorted(stages):
            row(f'stage {stage}, CPU-s per million', lambda e, stage=stage:
                f"{self.ingests[e]['stages'][stage] * 1e6 / self.records:.2f}"
                if 'stages' in self.ingests[e] else '')
        row('ingest, peak MiB', lambda e: f"{self.ingests[e]['peak_bytes'] / MIB:,.0f}",
            'ingest_peak_mib')
        row('bytes on disk a record', lambda e: f'{self.sizes[e] / self.records:.1f}',
            'bytes_per_record')
        row('start to ready, ms', lambda e: f'{self.starts[e]:.0f}' if e in self.starts else '',
            'start_ms')
        for question in questions.QUESTIONS:
            row(f'{question.name} {question.title}, ms',
                lambda e, name=question.name: self.cell(name, e), f'{question.name}_ms')
            if self.times(question.name, 'daybook'):
                row(f'{question.name} over HTTPS, ms', lambda e, name=question.name:
                    f'{statistics.median(self.times(name, e, inside=False)):.2f}'
                    if e.startswith('daybook') and self.times(name, e) else '')
        return '\n'.join(lines)

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


def short(ms):
    return f'{ms:,.0f}' if ms >= 100 else f'{ms:.3g}'


def bar(ms):
    """Pixels for a time: 110 for each power of ten above 0.01 ms."""
    length = 0.0
    while ms > 0.01 and length < 600:
        step = min(ms / 0.01, 10)
        length += 110 * (step - 1) / 9
        ms /= 10
    return max(length, 2)


def broken_budgets(figures, budgets):
    """`{"name": {"min": x}}` or `max`; a figure that was not measured breaks nothing."""
    found = []
    for name, budget in budgets.items():
        value = figures.get(name)
        if value is None:
            continue
        if 'min' in budget and value < budget['min']:
            found.append(f'{name} is {value:.2f}, at least {budget["min"]} is wanted')
        if 'max' in budget and value > budget['max']:
            found.append(f'{name} is {value:.2f}, at most {budget["max"]} is wanted')
    return found
