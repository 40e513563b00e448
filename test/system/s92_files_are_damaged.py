# SPDX-License-Identifier: Apache-2.0
"""Damage to each kind of file of a real data directory, and what readers are told.

Each trial is a copy of one directory with one damaged file.  A server starts on it:
either all records come back through `raw` and a query, exact and each once, or the
reader that gives less says so, or the start is refused with the name of the file.
DAYBOOK_ROT sets the number of trials of each kind of file.
"""
import json
import os
import random
import shutil
import unittest

import lab
from story import Story, record

OTHER = 'fabri "k" \\ am'  # a name may have what JSON escapes
TRIALS = int(os.environ.get('DAYBOOK_ROT', '2'))
SEALED, LOGGED = 2000, 300
TABLES = ('AuditRecords', 'Mine')


def written(path):
    """The size of a file of the log without the zeros that it was made of."""
    with open(path, 'rb') as file:
        return len(file.read().rstrip(b'\0'))


def damage(path, dice):
    """One damaged place in the file; what was done."""
    with open(path, 'r+b') as file:
        size = path.endswith('.wal') and written(path) or os.path.getsize(path)
        at = dice.randrange(size)
        what = dice.choice(('flip', 'zero', 'cut', 'noise'))
        if what == 'cut':
            file.truncate(at)
        else:
            file.seek(at)
            old = file.read(dice.randint(1, 64))
            new = {'flip': bytes([old[0] ^ 1 << dice.randrange(8)]), 'zero': bytes(len(old)),
                   'noise': dice.randbytes(len(old))}[what]
            file.seek(at)
            file.write(new)
    return f'{what} at {at} of {size}'


class Rot(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sent = {}
        cls.other = cls.lab.add_token('ingest', cls.lab.add_tenant(OTHER)['id'])
        for _ in range(4):  # several files, so that one may be damaged in the middle
            cls.send(SEALED // 4)
            cls.lab.http('POST', '/v1/compact', b'')
        cls.send(LOGGED)
        cls.lab.kill()  # what came last is in the log only
        cls.whole = os.path.join(cls.lab.parent, 'whole')
        shutil.copytree(cls.lab.data, cls.whole)

    @classmethod
    def send(cls, count):
        lines = [json.dumps(record(Number=i)).encode() for i in range(count)]
        first = cls.lab.ingest(cls.writer, b'\n'.join(lines))['first_seq']
        cls.sent.update({first + i: line for i, line in enumerate(lines)})
        cls.lab.ingest(cls.other, b'\n'.join(lines), table='Mine')

    def files(self, prefix, suffix=''):
        """Below the directory, with something in them."""
        found = []
        for top, _, names in os.walk(self.whole):
            for name in names:
                path = os.path.relpath(os.path.join(top, name), self.whole)
                if path.startswith(prefix) and path.endswith(suffix) and \
                        os.path.getsize(os.path.join(self.whole, path)):
                    found.append(path)
        self.assertTrue(found, prefix)
        return sorted(found)

    def put_back(self):
        self.lab.kill()
        open(self.lab.log_path, 'wb').close()
        shutil.rmtree(self.lab.data)
        shutil.copytree(self.whole, self.lab.data)

    def read_raw(self, what):
        """How many records `raw` gives, and whether it ends well; all have the right bytes."""
        done = self.lab.cli('raw', '--tenant', 'contoso', '--from-seq', '1', '--count',
                            str(2 * max(self.sent)), '-0', token=self.reader, text=False)
        found = [raw for raw in done.stdout.split(b'\0')[:-1] if b'"Number"' in raw]
        wanted = [self.sent[seq] for seq in sorted(self.sent)]
        if done.returncode == 0 and len(found) == len(wanted):
            self.assertEqual(wanted, found, what)
        known = set(wanted)
        self.assertEqual([], [raw for raw in found if raw not in known], what)
        self.assertEqual(len(found), len(set(found)), f'{what}: a record came twice')
        return len(found), done.returncode == 0

    def read_query(self):
        status, _, body = self.lab.http(
            'POST', '/v1/query', json.dumps({'tenant': 'contoso', 'query':
                                             'AuditRecords | summarize n = count()'}),
            token=self.reader, headers={'Content-Type': 'application/json'})
        answer = json.loads(body)
        well = status == 200 and 'error' not in answer and answer['complete']
        return int(answer['rows'][0][0]) if answer.get('rows') else 0, well

    def trial(self, path, dice):
        """What became of it: 'refused', 'told' or 'whole'."""
        self.put_back()
        what = f'{path}: {damage(os.path.join(self.lab.data, path), dice)}'
        try:
            self.lab.start()
        except RuntimeError as error:
            self.assertIn(path.split('/')[0] + '/', str(error), what)
            return 'refused'
        results = []
        for count, well in (self.read_raw(what), self.read_query()):
            if well:
                self.assertEqual(len(self.sent), count, f'{what}: nobody says that records lack')
            results.append(well)
        return 'whole' if all(results) else 'told'

    def trials(self, paths, expected):
        dice = random.Random(repr(paths))
        seen = {}
        for i in range(TRIALS):
            result = self.trial(paths[i % len(paths)], dice)
            seen[result] = seen.get(result, 0) + 1
            self.assertIn(result, expected, paths)
        print(f'  {os.path.commonprefix(paths)}: {seen}', flush=True)

    def test_catalog(self):
        """Its end cannot be told from what a crash cut off; the rest is set aside."""
        self.trials(self.files('seg/catalog'), ('whole',))
        self.put_back()
        with open(os.path.join(self.lab.data, 'seg/catalog'), 'r+b') as file:
            file.seek(30)
            file.write(b'nonsense')
        self.lab.start()
        checks = {check['check']: check for check in self.lab.ask('GET', '/v1/status')['checks']}
        self.assertEqual('warning', checks['files']['verdict'])
        self.assertIn('seg/catalog.damaged', checks['files']['text'])
        self.assertEqual(1, self.lab.metrics()['damaged_files'])

    def test_segments(self):
        self.trials(self.files('seg/', '.seg'), ('whole', 'told'))

    def test_keyring_and_its_copy(self):
        self.trials(self.files('keys/keyring'), ('whole',))

    def test_the_key(self):
        self.trials(self.files('keys/kek'), ('refused',))

    def test_saved_state_and_its_copy(self):
        self.trials(self.files('ingest/state'), ('whole',))

    def test_runs(self):
        self.trials(self.files('ingest/', '.run'), ('whole',))

    def test_log(self):
        """Its end cannot be told from what a crash cut off: the last request may lack, whole."""
        dice = random.Random(7)
        seen = {}
        for i in range(TRIALS):
            paths = self.files('wal/')
            path = paths[i % len(paths)]
            self.put_back()
            what = f'{path}: {damage(os.path.join(self.lab.data, path), dice)}'
            self.lab.start()
            count, well = self.read_raw(what)
            self.assertIn(count, (len(self.sent), len(self.sent) - LOGGED), what)
            lost = self.lab.metrics()['lost_ranges']
            self.assertEqual(well, lost == 0 or count == len(self.sent), what)
            if lost:
                check = {c['check']: c
                         for c in self.lab.ask('GET', '/v1/status')['checks']}['files']
                self.assertEqual('bad', check['verdict'], what)
                self.assertIn('.aside', check['text'], what)
            self.assertEqual((count, well), self.read_query(), what)
            seen[count] = seen.get(count, 0) + 1
        print(f'  wal/: {seen}', flush=True)

    def test_a_missing_log_file_stops_nobody(self):
        self.put_back()
        logs = self.files('wal/', '.wal')
        for path in logs:
            os.unlink(os.path.join(self.lab.data, path))
        self.lab.start()
        self.assertEqual(len(self.sent) - LOGGED, self.read_raw('no log')[0])
        self.assertFalse(self.read_query()[1])
        lost = self.lab.ask('GET', '/v1/losses')
        self.assertEqual({True}, {row['at_most'] for row in lost})
        self.assertEqual({'contoso', OTHER, 'instance'}, {row['tenant'] for row in lost})
        line = json.dumps(record(Number=-1)).encode()
        self.assertGreater(self.lab.ingest(self.writer, line)['first_seq'], max(self.sent))
        done = self.lab.cli('loss', 'accept', '--tenant', OTHER, '--yes', token=self.lab.admin)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual({OTHER}, {row['tenant'] for row in self.lab.ask('GET', '/v1/losses')
                                   if row['accepted'] is not None})

    def lose_the_second_to_last(self):
        """Three more requests, of which the log loses the one in the middle; its numbers."""
        self.put_back()
        self.lab.start()
        first = None
        for _ in range(3):
            lines = [json.dumps(record(Number=i)).encode() for i in range(LOGGED)]
            last, first = first, self.lab.ingest(self.writer, b'\n'.join(lines))['first_seq']
        self.lab.kill()
        path = max((os.path.join(self.lab.data, 'wal', name)
                    for name in os.listdir(os.path.join(self.lab.data, 'wal'))
                    if name.endswith('.wal')), key=written)
        with open(path, 'r+b') as file:
            file.seek(written(path) // 2)
            file.write(b'nonsense')
        self.lab.start()
        lost = self.lab.ask('GET', '/v1/losses?tenant=contoso')
        self.assertEqual(1, len(lost), lost)
        self.assertEqual((last, LOGGED, None),
                         (lost[0]['first_seq'], lost[0]['records'], lost[0]['accepted']))
        return lost[0]

    def complete(self, query):
        status, _, body = self.lab.http(
            'POST', '/v1/query', json.dumps({'tenant': 'contoso', 'query': query}),
            token=self.reader, headers={'Content-Type': 'application/json'})
        self.assertEqual(200, status, body)
        answer = json.loads(body)
        return answer['complete'], answer.get('gap', '')

    def test_a_loss_is_accepted_and_stays_on_record(self):
        lost = self.lose_the_second_to_last()
        before = f'AuditRecords | where _Seq < {lost["first_seq"]} | count'
        of_old = ('AuditRecords | where TimeGenerated between (datetime(2001) .. datetime(2002)) '
                  '| count')
        over = 'AuditRecords | count'
        for query in (before, of_old, over):
            complete, gap = self.complete(query)
            self.assertFalse(complete)
            self.assertIn(f'records {lost["first_seq"]} to {lost["last_seq"]}', gap)
        done = self.lab.cli('loss', 'accept', '--tenant', 'contoso', token=self.reader)
        self.assertEqual(2, done.returncode, done.stderr)  # nobody can be asked
        done = self.lab.cli('loss', 'accept', '--tenant', 'contoso', '--yes', token=self.reader)
        self.assertEqual(3, done.returncode, done.stderr)  # not an analyst's to do
        done = self.lab.cli('loss', 'accept', '--tenant', 'contoso', '--yes',
                            token=self.lab.admin)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(f'records {lost["first_seq"]} to {lost["last_seq"]} ({LOGGED})', done.stderr)
        for _ in range(2):
            self.assertEqual((True, ''), self.complete(before))
            self.assertEqual((True, ''), self.complete(of_old))
            self.assertFalse(self.complete(over)[0])
            check = {c['check']: c for c in self.lab.ask('GET', '/v1/status')['checks']}
            self.assertNotEqual('bad', check['files']['verdict'])
            self.assertEqual(1, self.lab.metrics()['accepted_ranges'])
            raw = self.lab.cli('raw', '--tenant', 'contoso', '--from-seq',
                               str(lost['first_seq']), '--count', '1', token=self.reader)
            self.assertEqual(4, raw.returncode, raw.stderr)  # for ever
            self.assertEqual('', raw.stdout)
            self.assertIn(f'records {lost["first_seq"]} to {lost["last_seq"]}', raw.stderr)
            last = max(seq for seq in self.sent if seq < lost['first_seq'])
            more = self.lab.cli('raw', '--tenant', 'contoso', '--from-seq', str(last), '--count',
                                str(lost['first_seq'] - last + 1), token=self.reader)
            self.assertEqual(4, more.returncode, more.stderr)
            self.assertTrue(more.stdout.startswith(self.sent[last].decode() + '\n'), more.stdout)
            self.assertIn(f'records {lost["first_seq"]} to {lost["last_seq"]}', more.stderr)
            kept = self.lab.ask('GET', '/v1/losses?tenant=contoso')[0]
            self.assertEqual('init', kept['accepted_by'])
            self.lab.kill()
            self.lab.start()
        found = self.lab.query(f'DaybookAudit | where _Seq > {lost["last_seq"]} and Operation == '
                               '"LossAccept" | project UserId', 'contoso', self.reader)
        self.assertEqual([{'UserId': 'init'}], found)
        done = self.lab.cli('verify', '--tenant', 'contoso', token=self.reader)
        self.assertEqual(5, done.returncode, done.stdout + done.stderr)
        gaps = [f for f in map(json.loads, done.stdout.splitlines()) if f['kind'] == 'gap']
        self.assertEqual([(lost['first_seq'], lost['last_seq'])],
                         [(gap['seq_first'], gap['seq_last']) for gap in gaps])

    def test_what_verify_says_of_damaged_segments(self):
        self.put_back()
        for path in self.files('seg/', '.seg'):
            with open(os.path.join(self.lab.data, path), 'r+b') as file:
                for i in range(1, 16):  # some is index, which no record needs
                    file.seek(os.path.getsize(file.name) * i // 16)
                    file.write(b'nonsense')
        self.lab.start()
        done = self.lab.cli('verify', token=self.lab.admin)
        self.assertEqual(1, done.returncode, done.stdout + done.stderr)
        self.assertIn('"kind":"records"', done.stdout)

    def test_evidence(self):
        self.trials(self.files('t/'), ('whole',))

    def test_control_plane(self):
        self.trials(self.files('control/db'), ('whole',))
        self.put_back()
        self.lab.start()
        revoked = self.lab.ask('POST', '/v1/tokens', {'role': 'reader', 'tenant': 'contoso'})
        self.lab.ask('DELETE', '/v1/tokens/' + revoked['id'])
        self.lab.kill()
        os.unlink(os.path.join(self.lab.data, 'control', 'db'))
        self.lab.start()
        self.assertEqual((len(self.sent), True), self.read_query())
        self.refused(401, self.lab.ask, 'GET', '/v1/tenants', None, revoked['token'])
        self.assertIn('put back from its copy', self.lab.log_tail())
        check = {c['check']: c for c in self.lab.ask('GET', '/v1/status')['checks']}
        self.assertNotEqual('bad', check['files']['verdict'])
        self.lab.kill()
        for name in ('db', 'db.copy'):
            os.unlink(os.path.join(self.lab.data, 'control', name))
        with self.assertRaisesRegex(RuntimeError, 'back from a backup'):
            self.lab.start()

    def test_work_goes_on_with_what_is_left(self):
        self.put_back()
        for path in ('seg/catalog', 'keys/keyring', 'ingest/state.copy'):
            with open(os.path.join(self.lab.data, path), 'r+b') as file:
                file.write(b'nonsense')
        self.lab.start()
        self.assertEqual((len(self.sent), True), self.read_query())
        self.lab.add_tenant('northwind')
        line = json.dumps(record(Number=-1)).encode()
        first = self.lab.ingest(self.writer, line)['first_seq']
        self.assertGreater(first, max(self.sent))
        self.lab.http('POST', '/v1/compact', b'')
        self.lab.kill()
        self.lab.start()
        self.assertEqual([line], self.raw(first, 1))
        self.assertEqual((len(self.sent) + 1, True), self.read_query())
        self.assertEqual({'northwind', 'contoso', OTHER},
                         {t['name'] for t in self.lab.ask('GET', '/v1/tenants')})


if __name__ == '__main__':
    unittest.main()
