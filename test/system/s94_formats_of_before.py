# SPDX-License-Identifier: Apache-2.0
"""Data directories that earlier programs wrote are read, and become today's.

test/format/directory-* are whole ones (make-directory there makes them).  Each is
opened as it is, upgraded by `compact`, and killed in the middle of that at many
places: every record is there with its bytes, each once, and its evidence holds.  What
a later program wrote is refused by name.  DAYBOOK_UPGRADE_STEP=1 kills at every call on a file.
"""
import glob
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import lab

FORMATS = os.path.join(lab.ROOT, 'test/format')
STRIKE = os.path.join(lab.BUILD, 'test/system/strike.so')
STEP = int(os.environ.get('DAYBOOK_UPGRADE_STEP', '17'))
CALLS_MAX = 2000
CATALOG_COMPATIBLE, CATALOG_INCOMPATIBLE = 12, 16  # offsets: docs/format/catalog.md
CATALOG_SECTIONS = 44
SEGMENT_COMPATIBLE, SEGMENT_INCOMPATIBLE = 12, 16  # docs/format/segment.md


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def varint(content, at):
    value = shift = 0
    while True:
        value |= (content[at] & 0x7F) << shift
        shift += 7
        at += 1
        if content[at - 1] < 0x80:
            return value, at


def catalog_checksums(content):
    """Where they stand: each is of all before it (docs/format/catalog.md)."""
    sections, at = struct.unpack_from('<I', content, CATALOG_SECTIONS)[0], CATALOG_SECTIONS + 4
    for _ in range(sections):
        size, at = varint(content, at)
        at += size
    places = [at]
    while at + 4 < len(content):
        at += 4 + 4 + struct.unpack_from('<I', content, at + 4)[0]
        places.append(at)
    return places


class Directory:
    """A copy of a golden directory."""

    def __init__(self, case, golden):
        self.case = case
        self.place = tempfile.mkdtemp(prefix='daybook-format-')
        case.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.golden = golden
        self.data = os.path.join(self.place, 'data')
        with open(os.path.join(golden, 'records.json'), encoding='utf-8') as file:
            known = json.load(file)
        self.known = {tenant: {int(seq): line.encode() for seq, line in records.items()}
                      for tenant, records in known.items()}
        self.put_back()

    def put_back(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(os.path.join(self.golden, 'data'), self.data)
        for top, _, names in os.walk(self.data):  # git keeps no modes
            os.chmod(top, 0o700)
            for name in names:
                os.chmod(os.path.join(top, name), 0o400 if name == 'kek' else 0o600)

    def run(self, command, *args, env=None, data=None):
        return subprocess.run([lab.DAYBOOK, command, '--data', self.data, *args],
                              capture_output=True, check=False, timeout=120, input=data,
                              env=os.environ | (env or {}))

    def good(self, command, *args, **more):
        done = self.run(command, *args, **more)
        self.case.assertEqual(0, done.returncode, done.stderr.decode())
        return done.stdout

    def runs(self, tenant):
        """[first, last] of consecutive sequence numbers."""
        found = []
        for seq in sorted(self.known[tenant]):
            if found and found[-1][1] == seq - 1:
                found[-1][1] = seq
            else:
                found.append([seq, seq])
        return found

    def check(self):
        """Every record has its bytes; queries see each once."""
        for tenant, records in self.known.items():
            for first, last in self.runs(tenant):
                back = self.good('raw', '--tenant', tenant, '--from-seq', str(first), '--count',
                                 str(last - first + 1), '-0').split(b'\0')[:-1]
                self.case.assertEqual([records[seq] for seq in range(first, last + 1)], back)
        numbers = [json.loads(line)['Number'] for line in self.known['contoso'].values()
                   if line.startswith(b'{"C')]
        answer = json.loads(self.good(
            'query', '--tenant', 'contoso', '-o', 'json',
            'AuditRecords | where Operation in ("Send", "Move", "Bind") | '
            'summarize n = count(), total = sum(tolong(AdditionalFields.Number)), '
            'one = dcount(Id)'))
        row = answer[0] if isinstance(answer, list) else answer['rows'][0]
        values = list(row.values()) if isinstance(row, dict) else row
        self.case.assertEqual([len(numbers), sum(numbers), len(numbers)],
                              [int(value) for value in values])

    def check_evidence(self):
        """What was promised with it can be shown: to whoever has the directory, and to those
        who kept the receipts."""
        self.good('verify')
        receipts = os.path.join(self.golden, 'receipts.ndjson')
        if os.path.exists(receipts):  # not of the first ones
            self.good('verify', '--receipt', receipts)

    def check_words(self):
        """A word beside a quotation mark is found, also where that was sent escaped."""
        count = sum(b'password' in line for line in self.known['contoso'].values())
        for query in ('AuditRecords | where AdditionalFields.Note has', 'search in (AuditRecords)'):
            answer = self.good('query', '--tenant', 'contoso', '-o', 'csv',
                               query + ' "password" | summarize count(), dcount(Id)')
            self.case.assertEqual(f'{count},{count}', answer.decode().split()[1])


class Formats(unittest.TestCase):
    maxDiff = None

    def directories(self):
        goldens = sorted(glob.glob(os.path.join(FORMATS, 'directory-*')))
        self.assertTrue(goldens)
        return [Directory(self, golden) for golden in goldens]

    def test_it_is_read_as_it_is(self):
        for directory in self.directories():
            directory.check()
            directory.check()
            directory.check_words()
            directory.check_evidence()
            checks = [json.loads(line) for line in directory.good('doctor').splitlines()]
            verdicts = {check['check']: check['verdict'] for check in checks}
            self.assertEqual(('ok', 'ok'), (verdicts['store'], verdicts['files']))

    def test_what_was_received_is_remembered(self):
        for directory in self.directories():
            lines = [line for line in directory.known['contoso'].values()
                     if line.startswith(b'{"C')]
            answer = json.loads(directory.good('ingest', '--tenant', 'contoso', '-',
                                               data=b'\n'.join(lines)))
            self.assertEqual((len(lines), 0), (answer['duplicates'], answer['stored']))

    def test_an_upgrade_goes_on_where_it_was_killed(self):
        for directory in self.directories():
            report = os.path.join(directory.place, 'strike')
            kills = 0
            for call in range(1, CALLS_MAX, STEP):
                directory.put_back()
                if os.path.exists(report):
                    os.unlink(report)
                directory.run('compact', env={'LD_PRELOAD': STRIKE, 'DAYBOOK_STRIKE': f'any {call}',
                                              'DAYBOOK_STRIKE_REPORT': report})
                if not os.path.getsize(report):
                    break
                kills += 1
                directory.check()
            else:
                self.fail('the upgrade does not end')
            self.assertGreater(kills, 1)
            directory.check()  # of the one that was not killed
            directory.good('compact')
            directory.check()
            directory.check_words()
            directory.check_evidence()
            print(f'  {os.path.basename(directory.golden)}: killed at {kills} of {call - 1} calls',
                  flush=True)

    def flags(self, directory):
        """Of the forms that its segments have."""
        found = set()
        for path in glob.glob(os.path.join(directory.data, 'seg/*.seg')):
            with open(path, 'rb') as file:
                found.add(struct.unpack_from('<II', file.read(SEGMENT_INCOMPATIBLE + 4),
                                             SEGMENT_COMPATIBLE))
        return found

    def test_what_this_program_writes_is_in_a_directory_here(self):
        """Or reader and writer could change together, and nobody would see it."""
        goldens = self.directories()
        of_today = goldens[-1]
        known = self.flags(of_today)
        of_today.good('ingest', '--tenant', 'contoso', '--table', 'Mine', '-', data=b'{"a":1}\n')
        of_today.good('compact')
        self.assertLessEqual(self.flags(of_today), known,
                             'make a directory with this program: test/format/make-directory')
        self.assertTrue(os.path.exists(os.path.join(of_today.golden, 'receipts.ndjson')))

    def set_flag(self, directory, path, offset, checked):
        """Sets the highest flag, with the right checksum of the first `checked` bytes, or those
        of a catalog."""
        name = os.path.join(directory.data, path)
        with open(name, 'r+b') as file:
            content = bytearray(file.read())
            places = catalog_checksums(content) if checked is None else [checked]
            content[offset + 3] |= 0x80
            for size in places:
                content[size:size + 4] = struct.pack('<I', crc32c(content[:size]))
            file.seek(0)
            file.write(content)

    def test_flags_that_do_not_matter_are_ignored(self):
        for directory in self.directories():
            self.set_flag(directory, 'seg/catalog', CATALOG_COMPATIBLE, None)
            for path in glob.glob(os.path.join(directory.data, 'seg/*.seg')):
                self.set_flag(directory, path, SEGMENT_COMPATIBLE, 28)
            directory.check()
            self.assertFalse(os.path.exists(os.path.join(directory.data, 'seg/catalog.damaged')))

    def refuses(self, directory, command, *args):
        done = directory.run(command, '--tenant', 'contoso', *args)
        self.assertNotEqual(0, done.returncode)
        self.assertRegex(done.stderr.decode(), 'newer')

    def test_what_a_later_program_wrote_is_refused(self):
        for directory in self.directories():
            self.set_flag(directory, 'seg/catalog', CATALOG_INCOMPATIBLE, None)
            self.refuses(directory, 'query', 'AuditRecords | count')
            self.assertFalse(os.path.exists(os.path.join(directory.data, 'seg/catalog.damaged')))
            directory.put_back()
            for path in glob.glob(os.path.join(directory.data, 'seg/*.seg')):
                self.set_flag(directory, path, SEGMENT_INCOMPATIBLE, 28)
            self.refuses(directory, 'query', 'AuditRecords | summarize max(UserId)')
            self.refuses(directory, 'raw', '--from-seq', '1', '--count', '1000')
            directory.put_back()
            with open(os.path.join(directory.data, 'FORMAT'), 'w', encoding='ascii') as file:
                file.write('daybook 2\n')
            self.refuses(directory, 'query', 'AuditRecords | count')


if __name__ == '__main__':
    unittest.main()
