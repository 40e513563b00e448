# SPDX-License-Identifier: Apache-2.0
"""After a run no word of a record or a question is in the data directory."""
import base64
import os
import resource
import subprocess
import tempfile
import zlib

from lab import wait_until
from story import Story, record

WORDS = ('canarymailbox-4c1d', 'canaryoperation-77aa', 'canarysubject-09fe', 'canaryquery-3be2')


def forms(word):
    """How a word may look when somebody forgot to encrypt."""
    raw = word.encode()
    yield raw
    yield raw.upper()
    yield word.encode('utf-16-le')
    yield raw.hex().encode()
    for shift in range(3):  # inside longer base64, at each of the three phases
        text = base64.b64encode(b'\0' * shift + raw).rstrip(b'=')
        yield text[4 if shift else 0:-2]


def allow_dumps():
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def limits(pid):
    """Of a core dump: now, and what it may be set to."""
    with open(f'/proc/{pid}/limits', encoding='ascii') as file:
        return [line.split()[4:6] for line in file if line.startswith('Max core file size')][0]


class Disk(Story):
    def test_no_canary_is_in_any_file(self):
        records = [record(user=f'{WORDS[0]}@contoso.example', operation=WORDS[1],
                          Subject=f'{WORDS[2]} {i}') for i in range(3000)]
        self.lab.ingest(self.writer, records)
        self.lab.query(f'AuditRecords | where UserId has "{WORDS[3]}"', 'contoso', self.reader)
        self.scan('in the log')
        self.assertEqual(0, self.lab.cli('compact', '--quiet').returncode)
        self.scan('in segments')
        self.assertEqual(0, self.lab.stop())
        self.scan('at rest')
        self.lab.start()
        self.assertEqual(3000, self.count(), 'it was there all the time')

    def test_the_server_logs_no_word_of_records_or_tokens(self):
        token = self.lab.add_token('reader', 'contoso')
        self.lab.http('POST', '/v1/query', '{"query":"' + WORDS[3] + '"}', token)
        self.lab.ingest(self.writer, '{"Subject":"' + WORDS[2], table='AuditRecords')
        log = self.lab.log_tail()
        for word in (WORDS[2], token, self.writer):
            self.assertNotIn(word, log)

    def test_no_process_leaves_its_memory_on_the_disk(self):
        server = self.lab.process.pid
        with open(f'/proc/{server}/task/{server}/children', encoding='ascii') as file:
            processes = [server, *map(int, file.read().split())]
        self.assertGreater(len(processes), 2)
        with tempfile.TemporaryDirectory() as place:
            data = f'{place}/data'
            subprocess.run([self.lab.binary, 'init', '--data', data], check=True,
                           capture_output=True)
            with subprocess.Popen(
                    [self.lab.binary, 'ingest', '--data', data, '--tenant', 'x', '--table', 'T',
                     '-'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, preexec_fn=allow_dumps) as local:
                processes.append(local.pid)
                wait_until(lambda: limits(local.pid) == ['0', '0'])
                self.assertEqual([['0', '0']] * len(processes), [limits(p) for p in processes])
                local.stdin.close()

    def scan(self, when):
        count = 0
        for directory, _, names in os.walk(self.lab.data):
            for name in names:
                path = os.path.join(directory, name)
                if not os.path.isfile(path):
                    continue
                with open(path, 'rb') as file:
                    content = file.read()
                count += 1
                for text in (content, self.inflated(content)):
                    for word in WORDS:
                        for form in forms(word):
                            self.assertNotIn(form, text, f'{word} is in {path} {when}')
        self.assertGreater(count, 3)

    @staticmethod
    def inflated(content):
        try:
            return zlib.decompress(content, 47)
        except zlib.error:
            return b''
