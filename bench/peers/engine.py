# SPDX-License-Identifier: Apache-2.0
"""engine - what an engine is asked to do, and how it is measured.

An engine is a class with these methods, each in a process of its own so that
memory and processor time are its own:

  ingest()                 all records of the file, until they are durable and can be asked;
                           a dict of figures, at least {"seconds"}
  size_bytes()             on disk, after ingest and tidying up (merges, checkpoints), which is
                           done in it
  parts_bytes()            a dict of sizes of what can be told apart of that
  ask(text)                runs it once; (seconds, seconds inside the server or None)
  answer(text)             (names, rows)
  cpu_seconds(), peak_bytes()

usage: engine.py NAME --data FILE --dir DIR --threads N [--constants FILE] [--times N]
       [--patience S]
Prints one JSON object a line: {"measure","engine",...}.
"""
import argparse
import hashlib
import importlib
import json
import os
import resource
import statistics
import sys
import time

import questions

ENOUGH_S = 1.0  # of one variant: a slow engine is not asked as often as a quick one


def tree_bytes(directory):
    """On the disk, of all files below."""
    total = 0
    for top, _, files in os.walk(directory):
        total += sum(os.stat(os.path.join(top, f)).st_blocks * 512 for f in files)
    return total


def disk_written_bytes(directory):
    """What the disk below has written since the machine's start, whoever wanted it, or None.  What
    the kernel counts for a process has whole folios of which a part was written."""
    device = os.stat(directory).st_dev
    try:
        with open(f'/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat',
                  encoding='utf-8') as file:
            return int(file.read().split()[6]) * 512
    except FileNotFoundError:
        return None


class Engine:
    """In this process; engines that are servers override what is measured."""

    name = None

    def __init__(self, options):
        self.data, self.directory, self.threads = options.data, options.dir, options.threads
        self.records = options.records

    def cpu_seconds(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def peak_bytes(self):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def size_bytes(self):
        return tree_bytes(self.directory)

    def parts_bytes(self):
        return {}

    def close(self):
        pass


def say(measure, engine, **figures):
    print(json.dumps({'measure': measure, 'engine': engine.name, **figures}), flush=True)


def measure_ingest(engine):
    written = disk_written_bytes(engine.directory)
    cpu, begin = engine.cpu_seconds(), time.monotonic()
    figures = engine.ingest()
    figures.setdefault('seconds', time.monotonic() - begin)
    figures.setdefault('cpu_seconds', engine.cpu_seconds() - cpu)
    os.sync()
    if written is not None:
        figures['written_bytes'] = disk_written_bytes(engine.directory) - written
    say('ingest', engine, peak_bytes=engine.peak_bytes(), **figures)
    cpu = engine.cpu_seconds()
    size = engine.size_bytes()
    say('size', engine, bytes=size, tidy_cpu_seconds=engine.cpu_seconds() - cpu,
        **engine.parts_bytes())


def measure_question(engine, question, number, constants, times):
    text = question.text(engine.name, constants)
    if text is None:
        return
    try:
        names, rows = engine.answer(text)
    except Exception as error:  # a peer's own exception; the run goes on and says so
        say('query', engine, question=question.name, variant=number, error=str(error)[:300])
        return
    if question.kind != 'rows':
        rows = engine.as_records(names, rows)
    answer = questions.canonical(question.kind, rows)
    cpu = engine.cpu_seconds()
    runs = []
    while len(runs) < times and sum(run[0] for run in runs) < ENOUGH_S:
        runs.append(engine.ask(text))
    cpu = (engine.cpu_seconds() - cpu) / len(runs)
    inside = [run[1] for run in runs if run[1] is not None]
    say('query', engine, question=question.name, variant=number,
        ms=statistics.median(run[0] for run in runs) * 1000,
        inside_ms=statistics.median(inside) * 1000 if inside else None, cpu_ms=cpu * 1000,
        rows=len(answer), digest=hashlib.sha256('\n'.join(answer).encode()).hexdigest(),
        sample=answer[:3])


def measure_questions(engine, variants, times, patience_s):
    for question in questions.QUESTIONS:
        begin = time.monotonic()
        for number, constants in enumerate(variants):
            if number > 0 and time.monotonic() - begin >= patience_s:
                break
            measure_question(engine, question, number, constants, times)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('name')
    parser.add_argument('--data', required=True)
    parser.add_argument('--dir', required=True)
    parser.add_argument('--records', type=int, required=True)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--constants')
    parser.add_argument('--draw', help='write the constants to this file')
    parser.add_argument('--times', type=int, default=5)
    parser.add_argument('--patience', type=float, default=120, metavar='S',
                        help='of one question: then its other variants are left out')
    return parser.parse_args()


def main():
    options = arguments()
    os.makedirs(options.dir, exist_ok=True)
    module, _, variant = options.name.partition('+')
    os.sched_setaffinity(0, range(options.threads))
    engine = importlib.import_module(module).engine(options, variant)
    try:
        measure_ingest(engine)
        if options.draw:
            with open(options.draw, 'w', encoding='utf-8') as file:
                json.dump(engine.draw(), file)
        if options.constants:
            with open(options.constants, encoding='utf-8') as file:
                variants = json.load(file)
            measure_questions(engine, variants, options.times, options.patience)
            say('after', engine, peak_bytes=engine.peak_bytes())
            if hasattr(engine, 'restart'):
                say('start', engine, seconds=engine.restart())
    finally:
        engine.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
