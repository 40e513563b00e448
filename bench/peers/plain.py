# SPDX-License-Identifier: Apache-2.0
"""plain - zstd -3 and ripgrep over the file: what one does without a store."""
import json
import os
import resource
import subprocess
import time

import engine as base


class Plain(base.Engine):
    name = 'plain'

    def __init__(self, options):
        super().__init__(options)
        self.path = os.path.join(self.directory, 'records.zst')

    def cpu_seconds(self):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def peak_bytes(self):
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024

    def ingest(self):
        subprocess.run(['zstd', '-q', '-3', f'-T{self.threads}', self.data, '-o', self.path],
                       check=True)
        with open(self.path, 'rb') as file:
            os.fsync(file.fileno())
        return {}

    def size_bytes(self):
        return os.path.getsize(self.path)

    def grep(self, word):
        with subprocess.Popen(['zstd', '-dcq', self.path], stdout=subprocess.PIPE) as unpack:
            found = subprocess.run(['rg', '-wiF', '--', word], stdin=unpack.stdout, check=False,
                                   capture_output=True)
            unpack.stdout.close()
        return found.stdout

    def ask(self, text):
        begin = time.monotonic()
        self.grep(text)
        return time.monotonic() - begin, None

    def answer(self, text):
        return ['Raw'], [[line] for line in self.grep(text).splitlines()]

    @staticmethod
    def as_records(_, rows):
        return [json.loads(row[0]) for row in rows]


def engine(options, _):
    return Plain(options)
