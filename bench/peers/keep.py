# SPDX-License-Identifier: Apache-2.0
"""keep - measures of engines in a directory, so that a run that was ended goes on.

A long run is one of hours, and what ended it is seldom what was measured.  The directory
belongs to one program, one number of records and one way to measure: of others nothing is
taken, as a table must not mix them."""
import hashlib
import json
import os
import time


class Mismatch(Exception):
    """What lies in the directory was measured of something else."""


def program_sum(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


class Keep:
    def __init__(self, directory, of):
        """`of`: what all that is kept was measured of, name -> text or number."""
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, 'of.json')
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                was = json.load(file)
            differing = [name for name in of if was.get(name) != of[name]]
            if differing:
                raise Mismatch(f"what is kept in '{directory}' differs in "
                               f"{', '.join(differing)}: name another directory")
        else:
            self._write('of.json', json.dumps(of))

    def _write(self, name, text):
        """Whole or not at all."""
        path = os.path.join(self.directory, name)
        with open(path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.replace(path + '.new', path)

    def path(self, name):
        return os.path.join(self.directory, name)

    def get(self, engine, threads):
        """What was measured of it; None: it was not, or not to the end."""
        try:
            with open(self.path(f'{engine}.{threads}.jsonl'), encoding='utf-8') as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return None

    def put(self, engine, threads, measures):
        self._write(f'{engine}.{threads}.jsonl', ''.join(json.dumps(m) + '\n' for m in measures))


def circumstances(engine):
    """When it is measured, and how busy the machine is with something else."""
    return {'measure': 'before', 'engine': engine, 'date': time.strftime('%Y-%m-%d'),
            'load': os.getloadavg()[0]}


def describe(measures):
    """Of all engines: '2026-11-29, load 0.3 to 2.1'."""
    found = [m for m in measures if m['measure'] == 'before']
    dates = sorted({m['date'] for m in found})
    loads = [m['load'] for m in found]
    days = dates[0] if len(dates) == 1 else f'{dates[0]} to {dates[-1]}'
    return f'{days}, load before each {min(loads):.1f} to {max(loads):.1f}'
