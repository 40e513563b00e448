# SPDX-License-Identifier: Apache-2.0
"""`daybook ingest` on files that grow, that are missing, and when it is stopped."""
import gzip
import json
import os
import signal
import subprocess
import threading
import time

import lab
from story import Story, record

PATIENCE_S = 60  # of a busy machine


class Files(Story):
    def begin(self, *args, url=None, hangup=signal.SIG_DFL):
        """The command, which goes on; `hangup` as its shell had it, however the tests run."""
        environment = dict(os.environ, DAYBOOK_TOKEN=self.lab.admin)
        return subprocess.Popen(
            [lab.DAYBOOK, 'ingest', '--server', url or self.lab.url, '--cacert',
             self.lab.ca_file, '--tenant', 'contoso', *args], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup))

    def rows_come(self, table, wanted):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            done = self.lab.cli('query', '--tenant', 'contoso', f'{table} | count')
            if done.returncode == 0 and json.loads(done.stdout)['Count'] == wanted:
                return
            time.sleep(0.2)
        self.fail(f'{wanted} rows of {table} do not come: {done.stdout}{done.stderr}')

    def interrupt(self, process):
        """What a command that follows says in the end: its line, the answer in it, stderr."""
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, err)
        return out, json.loads(out), err

    def test_a_file_is_followed_line_by_line(self):
        path = os.path.join(self.lab.parent, 'grows')
        with open(path, 'wb') as file:
            file.write(b'{"a":1}\n{"a":')
            file.flush()
            process = self.begin('--table', 'Grows', '--follow', path)
            self.rows_come('Grows', 1)
            file.write(b'2}\n{"a":3}\n{"a":4')
            file.flush()
            self.rows_come('Grows', 3)
        out, answer, err = self.interrupt(process)
        self.assertEqual((3, 3, []), (answer['records'], answer['stored'], answer['quarantined']))
        self.assertIn(b'no end yet', err)
        done = self.lab.run('verify', '--server', self.lab.url, '--cacert', self.lab.ca_file,
                            '--tenant', 'contoso', '--receipt', '-', token=self.lab.admin,
                            data=out.decode())
        self.assertIn(done.returncode, (0, 5), done.stderr)  # 5: the log still has time

    def test_who_follows_for_long_gets_the_answer_in_lines(self):
        path = os.path.join(self.lab.parent, 'long')
        with open(path, 'wb') as file:
            file.write(b'{"a":1}\n' + b'x\n' * 2500)  # a reason each: 100 KB
            file.flush()
            process = self.begin('--table', 'Long', '--follow', path)
            patience = threading.Timer(PATIENCE_S, process.kill)
            patience.start()
            first = process.stdout.readline()  # while it goes on
            patience.cancel()
            file.write(b'{"a":2}\n')
            file.flush()
            self.rows_come('Long', 2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, err)
        lines = [json.loads(line) for line in [first, *out.splitlines()]]
        self.assertGreater(len(lines), 1)
        self.assertEqual((2502, 2), tuple(sum(line[key] for line in lines)
                                          for key in ('records', 'stored')))

    def test_the_end_of_a_file_is_sent_whatever_its_size(self):
        path = os.path.join(self.lab.parent, 'exact')
        with open(path, 'wb') as file:  # 256 KiB, which are read at once; a body has 4,000 lines
            file.write((b'{"a":"' + b'x' * 55 + b'"}\n') * 4096)
        self.assertEqual(262144, os.path.getsize(path))
        process = self.begin('--table', 'Exact', '--follow', path)
        self.rows_come('Exact', 4096)
        self.interrupt(process)

    def test_nothing_is_sent_to_somebody_who_is_there(self):
        for tenant, code in (('contoso', 0), ('nobody', 4)):
            done = self.lab.cli('ingest', '--tenant', tenant, '--table', 'Grows', '-', data='')
            self.assertEqual(code, done.returncode, done.stderr)
        self.assertIn("'nobody'", done.stderr)
        done = self.lab.cli('ingest', '--tenant', 'contoso', '-', data='\n')
        self.assertEqual((0, 0), (done.returncode, json.loads(done.stdout)['records']))

    def test_a_command_without_a_token_is_not_allowed(self):
        done = self.lab.run('ingest', '--server', self.lab.url, '--cacert', self.lab.ca_file,
                            '--tenant', 'contoso', '-', data='')
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn('DAYBOOK_TOKEN', done.stderr)

    def test_a_rotated_file_is_followed_by_its_name(self):
        path = os.path.join(self.lab.parent, 'rotated')
        with open(path, 'wb') as file:
            file.write(b'{"a":1}\n')
            file.flush()
            process = self.begin('--table', 'Rotated', '--follow', path)
            self.rows_come('Rotated', 1)
            os.rename(path, path + '.1')
            file.write(b'{"a":2}\n{"a":3}')  # the last one has no end, and gets none
        with open(path, 'wb') as file:
            file.write(b'{"a":4}\n{"a":41}\n')
            file.flush()
            self.rows_come('Rotated', 5)
        with open(path, 'wb') as file:  # cut short
            file.write(b'{"a":5}\n')
            file.flush()
            self.rows_come('Rotated', 6)
        _, answer, err = self.interrupt(process)
        self.assertEqual((6, 6, []), (answer['records'], answer['stored'], answer['quarantined']))
        self.assertEqual(2, err.count(b'begins again'), err)

    def kill(self, process):
        """What it had printed."""
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate(timeout=PATIENCE_S)
        return out

    def test_a_start_goes_on_where_a_killed_one_was(self):
        """Records without an Id, killed at any place: each is stored once, in its order."""
        path = os.path.join(self.lab.parent, 'goes')
        wanted, printed = [], b''
        number = 0
        os.mkdir(path + '.d')
        state = os.path.join(path + '.d', 'state')
        for life in range(12):
            with open(path, 'ab') as file:
                for _ in range(3000):
                    number += 1
                    file.write(b'{"n":%d}\n' % number)
                file.write(b'{"n":')  # the end of it comes in the next life, or with the rotation
            process = self.begin('--table', 'Goes', '--follow', '--state', state, path)
            time.sleep(0.02 * life + 0.05)  # from before its first request to behind its last
            with open(path, 'ab') as file:
                number += 1
                file.write(b'%d}\n' % number)
            time.sleep(0.05 * (life % 3))
            printed += self.kill(process)
            if life % 4 == 3:  # the name goes to another file while nobody follows
                number += 1
                with open(path, 'ab') as file:
                    file.write(b'{"n":%d}\n' % number)
                os.rename(path, f'{path}.{life}')
                time.sleep(0.02)  # the times of files are not finer than a tick of the clock
                number += 1
                with open(path, 'wb') as file:  # one that comes and goes
                    file.write(b'{"n":%d}\n' % number)
                os.rename(path, f'{path}.{life}0')
                time.sleep(0.02)
        with open(path, 'ab') as file:
            number += 1
            file.write(b'{"n":%d}\n' % number)
        process = self.begin('--table', 'Goes', '--follow', '--state', state, path)
        self.rows_come('Goes', number)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, err)
        done = self.lab.cli('query', '--tenant', 'contoso',
                            'Goes | order by _Seq asc | project n = tolong(n)')
        wanted = list(range(1, number + 1))
        self.assertEqual(wanted, [json.loads(line)['n'] for line in done.stdout.splitlines()])
        # Each record has its receipt, though all but the last were killed; some have it twice.
        answers = [json.loads(line) for line in (printed + out).splitlines()]
        ranges = {(a['first_seq'], a['count']) for a in answers if a['count']}
        self.assertEqual(number, sum(count for _, count in ranges))

    def test_a_state_is_of_one_file_and_one_table(self):
        path = os.path.join(self.lab.parent, 'one')
        state = path + '.state'
        with open(path, 'wb') as file:
            file.write(b'{"a":1}\n')
        process = self.begin('--table', 'One', '--follow', '--state', state, path)
        self.rows_come('One', 1)
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'One', '--follow',
                            '--state', state, path)
        self.assertEqual(4, done.returncode)
        self.assertIn('another process', done.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'Two', '--follow',
                            '--state', state, path)
        self.assertEqual(4, done.returncode)
        self.assertIn("not to 'contoso/Two'", done.stderr)
        for content, why in ((b'[{"a":1}]', 'not for an array'),
                             (gzip.compress(b'{"a":1}\n'), 'not compressed')):
            with open(path, 'wb') as file:
                file.write(content)
            done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'Three', '--follow',
                                '--state', path + '.three', path)
            self.assertEqual(2, done.returncode)
            self.assertIn(why, done.stderr)
        for args in (['--state', state, path], ['--follow', '--state', state, '-']):
            done = self.lab.cli('ingest', '--tenant', 'contoso', *args)
            self.assertEqual(2, done.returncode)

    def test_a_file_that_is_gone_is_told(self):
        path = os.path.join(self.lab.parent, 'gone')
        for number in (1, 2):
            with open(path, 'wb') as file:
                file.write(b'{"a":%d}\n' % number)
            process = self.begin('--table', 'Gone', '--follow', '--state', path + '.state', path)
            self.rows_come('Gone', number)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE_S)
        self.assertIn(b'what was sent up to byte 8 is not', err)

    def test_what_went_elsewhere_is_said(self):
        """On standard error, as nobody reads numbers in a line of receipts."""
        lines = '{"a":1}\n' + 'x\n' * 3
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'Elsewhere', '-',
                            data=lines)
        self.assertEqual((0, 4), (done.returncode, json.loads(done.stdout)['records']))
        self.assertRegex(done.stderr, 'of 4 records: 3 quarantined .*; the first quarantined is '
                                      'number 2: [a-z]')
        other = '11111111-0000-4000-8000-000000000000'
        twice = [json.dumps(record(Id='5e1f9bba-0000-4000-8000-00000000000' + str(i // 2), N=i,
                                   OrganizationId=other)) for i in range(4)]
        done = self.lab.cli('ingest', '--tenant', 'contoso', '-', data='\n'.join(twice))
        self.assertRegex(done.stderr, 'of 4 records: 2 with an Id .*, 4 of another Organ')
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'Elsewhere', '-',
                            data='{"a":2}')
        self.assertEqual('', done.stderr)

    def test_the_numbers_are_a_table_where_that_is_wanted(self):
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'Numbers', '-o', 'csv',
                            '-', data='{"a":1}\nx\n')
        self.assertRegex(done.stdout, '^records,stored,duplicates,conflicting,foreign,'
                                      'quarantined,first_seq,count\r?\n2,1,0,0,0,1,[0-9]+,2\r?\n$')

    def test_a_format_is_refused_where_there_is_none(self):
        for args in (['raw', '--tenant', 'contoso', '--from-seq', '1', '--count', '1'],
                     ['compact'], ['watchlist', '--tenant', 'contoso', 'show', 'a'],
                     ['function', 'show', 'a'], ['query', '--reference'],
                     ['query', '--format', 'T']):
            done = self.lab.cli(*args, '-o', 'json')
            self.assertEqual((2, ''), (done.returncode, done.stdout), args)
            self.assertIn('-o', done.stderr)

    def test_a_closed_window_ends_in_good_order(self):
        path = os.path.join(self.lab.parent, 'window')
        with open(path, 'wb') as file:
            file.write(b'{"a":1}\n{"a":')
        process = self.begin('--table', 'Window', '--follow', path)
        self.rows_come('Window', 1)
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, err)
        self.assertEqual(1, json.loads(out)['stored'])
        self.assertIn(b'no end yet', err)
        self.assertIn('audit-receipt', json.loads(out)['receipt'])

    def test_nohup_goes_on(self):
        path = os.path.join(self.lab.parent, 'nohup')
        with open(path, 'wb') as file:
            file.write(b'{"a":1}\n')
            file.flush()
            process = self.begin('--table', 'Nohup', '--follow', path, hangup=signal.SIG_IGN)
            self.rows_come('Nohup', 1)
            process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
            file.write(b'{"a":2}\n')
            file.flush()
            self.rows_come('Nohup', 2)
        self.interrupt(process)

    def test_a_pipe_is_followed_to_its_end(self):
        process = self.begin('--table', 'Pipe', '--follow', '-')
        process.stdin.write(b'{"a":1}\n{"a":2}')
        process.stdin.flush()
        self.rows_come('Pipe', 1)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertEqual(0, process.returncode, err)
        self.assertEqual(2, json.loads(out)['stored'])

    def test_a_pipe_may_begin_with_a_byte(self):
        lines = b'{"a":1}\n{"a":2}\n'
        stored = []
        for whole in (gzip.compress(lines), b'\xef\xbb\xbf[{"a":3},{"a":4}]', b'[{"a":5}]',
                      b'\x1f'):
            process = self.begin('--table', 'Byte', '-')
            process.stdin.write(whole[:1])
            process.stdin.flush()
            time.sleep(0.5)
            process.stdin.write(whole[1:])
            out, err = process.communicate(timeout=PATIENCE_S)
            self.assertEqual(0, process.returncode, err)
            stored.append(json.loads(out)['stored'])
        self.assertEqual([2, 2, 1, 0], stored)  # a byte alone is quarantined
        self.rows_come('Byte', 5)

    def test_a_stop_sends_no_half_of_a_record(self):
        process = self.begin('--table', 'Stopped', '-')
        process.stdin.write(b'{"a":1}\n{"a":')
        process.stdin.flush()
        time.sleep(1)  # it reads, or has not begun: either way nothing may come of the half
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
        self.assertNotEqual(0, process.returncode)
        self.assertEqual(b'', out)
        done = self.lab.cli('query', '--tenant', 'contoso', 'union isfuzzy=true Stopped | count')
        self.assertNotIn('1', done.stdout, err)

    def test_what_was_stored_before_a_failure_has_its_receipt(self):
        path = os.path.join(self.lab.parent, 'first')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('{"a":1}\n')
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--table', 'Before', path, '/none')
        self.assertEqual(4, done.returncode)
        self.assertIn("cannot open '/none'", done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual(1, answer['stored'])
        self.assertIn('audit-receipt', answer['receipt'])

    def test_a_wait_for_a_server_is_told(self):
        process = self.begin('--table', 'Waited', '-', url='https://127.0.0.1:1')
        process.stdin.write(b'{"a":1}\n')
        process.stdin.close()
        line = process.stderr.readline()
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
        self.assertRegex(line, rb'cannot reach .*; trying again\n')

    def test_one_file_is_followed(self):
        done = self.lab.cli('ingest', '--tenant', 'contoso', '--follow', 'a', 'b')
        self.assertEqual(2, done.returncode)
