# SPDX-License-Identifier: Apache-2.0
"""`daybook query` at a real terminal: lines, completion, cancelling, history."""
import json
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import time
import urllib.parse

import lab
from story import Story, record

LONG = 'range i from 1 to 40000000 step 1 | where hash_sha256(tostring(i)) == "x" | count'


class Terminal:
    """The command on a pseudo-terminal; its standard output may be a file."""

    def __init__(self, story, *args, command='query', output=None, token=None):
        self.seen = ''
        self.state = os.path.join(story.lab.parent, 'state')
        environment = dict(os.environ, DAYBOOK_TOKEN=token or story.reader,
                           XDG_STATE_HOME=self.state, TERM='xterm', LC_ALL='C.UTF-8', NO_COLOR='1')
        command = [lab.DAYBOOK, command, '--server', story.lab.url, '--cacert', story.lab.ca_file,
                   '--tenant', 'contoso', *args]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if output is not None:
                os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT, 0o600), 1)
            os.execve(command[0], command, environment)

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, wanted, seconds=20):
        """What came since the last wait, up to `wanted`; how long it took."""
        begin = time.monotonic()
        while wanted not in self.seen:
            left = begin + seconds - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f'no {wanted!r} in {self.seen!r}')
            try:
                self.seen += os.read(self.fd, 65536).decode('utf-8', 'replace')
            except OSError as error:  # the other side is closed
                raise AssertionError(f'no {wanted!r} in {self.seen!r}') from error
        before, self.seen = self.seen.split(wanted, 1)
        return before, time.monotonic() - begin

    def give_up(self):
        """Ctrl-C, again while it comes before the terminal is ready for keys."""
        for _ in range(20):
            self.type('\x03')
            try:
                return self.wait('^C\r\n', 1)
            except AssertionError:
                continue
        raise AssertionError('Ctrl-C does not give up the line')

    def leave(self):
        """Ctrl-D, again while it comes before the terminal is ready for keys; the exit code.
        Now and then Ctrl-C before it: a line that was begun is given up."""
        for attempt in range(60):
            try:
                self.type('\x03\x04' if attempt % 10 == 9 else '\x04')
            except OSError:
                pass  # it is gone already
            code = self.code(0.5)
            if code is not None:
                return code
        raise AssertionError('Ctrl-D does not leave')

    def code(self, seconds=20.0):
        """The exit code, or None if it goes on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    time.sleep(0.02)
        return None


class AtATerminal(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.ingest(cls.writer, [record(user=f'u{i}@contoso.example') for i in range(3)] +
                       [record(user='a\u001b[31mred')])

    def work_ticks(self):
        """Processor time of the server's processes."""
        ticks = 0
        for line in subprocess.run(['ps', '-e', '-o', 'pid=,ppid='], capture_output=True,
                                   text=True, check=True).stdout.splitlines():
            pid, parent = map(int, line.split())
            if self.lab.process.pid in (pid, parent):
                with open(f'/proc/{pid}/stat', encoding='utf-8') as file:
                    fields = file.read().rsplit(')', 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks

    def idle_within(self, seconds):
        """Waits until the server does (next to) nothing; how long that took."""
        begin = time.monotonic()
        while True:
            before = self.work_ticks()
            time.sleep(0.25)
            if self.work_ticks() - before <= 1:
                return time.monotonic() - begin - 0.25
            self.assertLess(time.monotonic() - begin, seconds, 'the server goes on working')

    def test_a_query_of_several_lines_is_answered(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('let who = "u1@contoso.example";\r')
        terminal.wait('-> ')
        terminal.type('AuditRecords | where UserId == who\r')
        terminal.wait('-> ')
        terminal.type('| project UserId\r\r')
        shown, _ = terminal.wait('1 row,')
        self.assertIn('UserId\r\n', shown)
        self.assertIn('u1@contoso.example', shown)
        terminal.wait('up to _Seq')
        terminal.type('print x = 40 + 2;\r')
        shown, _ = terminal.wait('1 row,')
        self.assertIn('42', shown)
        self.assertEqual(0, terminal.leave())

    def test_control_characters_are_escaped(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('AuditRecords | where UserId contains "red" | project UserId;\r')
        terminal.wait('---')
        shown, _ = terminal.wait('1 row,')
        self.assertNotIn('\u001b[31m', shown)
        self.assertIn('[31mred', shown)
        self.assertEqual(0, terminal.leave())

    def test_an_error_has_a_caret(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('AuditRecords | wher x;\r')
        terminal.wait("did you mean 'where'?")
        shown, _ = terminal.wait('daybook> ')
        self.assertIn('  AuditRecords | wher x;\r\n' + ' ' * 17 + '^', shown)
        self.assertEqual(0, terminal.leave())

    def test_tab_completes(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('AuditRec\t')
        terminal.wait('ords')  # the rest of the word
        terminal.type(' | summ\t')
        terminal.wait('arize')
        terminal.type(' count() by Operati\t')
        terminal.wait('on')
        terminal.type(';\r')
        shown, _ = terminal.wait('1 row,')
        self.assertIn('Send', shown)
        terminal.type('AuditRecords | proj\t\t')
        shown, _ = terminal.wait('project-reorder')
        self.assertIn('drops columns', shown)
        terminal.give_up()
        terminal.type('AuditRecords | where UserId == "u2\t')
        terminal.wait('@contoso.example"')
        terminal.give_up()
        self.assertEqual(0, terminal.leave())

    def test_who_sends_sees_numbers(self):
        """A table in place of receipts; no share of what nobody knows the size of."""
        terminal = Terminal(self, '--table', 'Typed', '-', command='ingest', token=self.writer)
        terminal.type('{"a":1}\nx\n\x04')
        shown, _ = terminal.wait('duplicates')
        self.assertNotIn('%', shown)
        self.assertNotIn('left', shown)
        self.assertIn('1 quarantined (see the table Quarantine)', shown)
        shown, _ = terminal.wait('count')
        self.assertEqual(0, terminal.code())
        self.assertNotIn('receipt', shown)
        path = os.path.join(self.lab.parent, 'typed')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('{"a":1}\n')
        terminal = Terminal(self, '--table', 'Typed', path, command='ingest', token=self.writer)
        terminal.wait('100 %')
        terminal.wait('count')
        self.assertEqual(0, terminal.code())
        terminal = Terminal(self, '--table', 'Typed', '--follow', path, command='ingest',
                            token=self.writer)
        terminal.wait('1 records')
        with open(path, 'a', encoding='utf-8') as file:
            file.write('{"a":2}\n' * 100)
        shown, _ = terminal.wait('101 records')
        self.assertNotIn('%', shown)
        self.assertNotIn('/s', shown)
        terminal.type('\x03')
        terminal.wait('count')
        self.assertEqual(0, terminal.code())
        terminal = Terminal(self, '--table', 'Typed', '-o', 'json', path, command='ingest',
                            token=self.writer)
        terminal.wait('"receipt":"audit-receipt')
        self.assertEqual(0, terminal.code())

    def server_processes(self):
        """The supervisor first, which would start again what it finds stopped."""
        lines = subprocess.run(['ps', '-e', '-o', 'pid=,ppid='], capture_output=True, text=True,
                               check=True).stdout.splitlines()
        pairs = [tuple(map(int, line.split())) for line in lines]
        own = self.lab.process.pid
        return [own] + [pid for pid, parent in pairs if parent == own]

    def test_long_commands_show_that_they_work(self):
        for command, args in (('verify', []), ('scope', ['--ip', '192.0.2.7'])):
            processes = self.server_processes()
            for pid in processes:
                os.kill(pid, signal.SIGSTOP)
            try:
                terminal = Terminal(self, *args, command=command, token=self.lab.admin)
                terminal.wait('1 s ... Ctrl-C cancels')
            finally:
                for pid in processes:
                    os.kill(pid, signal.SIGCONT)
            terminal.wait('tenant')
            self.assertIsNotNone(terminal.code(), command)

    def test_a_pasted_tab_is_a_tab(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('print a = strlen("x\ty"), b = 5;\r')
        shown, _ = terminal.wait('1 row,')
        self.assertIn('3  5', shown)
        self.assertEqual(0, terminal.leave())

    def test_ctrl_c_gives_up_the_lines(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('nonsense here\r')
        terminal.wait('-> ')
        terminal.type('more nonsense')
        terminal.give_up()
        terminal.wait('daybook> ')
        terminal.type('print y = 6 * 7;\r')
        shown, _ = terminal.wait('1 row,')
        self.assertIn('42', shown)
        self.assertEqual(0, terminal.leave())

    def test_ctrl_c_cancels_the_query_on_the_server(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type(LONG + ';\r')
        terminal.wait('Ctrl-C cancels', 10)
        terminal.wait('s ... Ctrl-C cancels', 10)
        self.assertGreater(self.work_ticks(), 50)
        terminal.type('\x03')
        _, took = terminal.wait('cancelled')
        idle = self.idle_within(5)
        print(f'Ctrl-C: the prompt after {took:.2f} s, the server idle after {idle:.2f} s more')
        self.assertLess(took, 1.0)
        terminal.wait('daybook> ')
        terminal.type('print z = 5 + 5;\r')
        shown, _ = terminal.wait('1 row,')
        self.assertIn('10', shown)
        self.assertEqual(0, terminal.leave())

    def test_ctrl_c_stops_the_printing(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('range i from 1 to 100000 step 1 | extend t = strrep("x", 100);\r')
        terminal.wait('xxxx', 60)
        with open(os.path.join(terminal.state, 'daybook/history'), encoding='utf-8') as file:
            self.assertIn('strrep', file.read())  # should the window be closed now
        terminal.type('\x03')
        terminal.wait('interrupted', 10)
        terminal.wait('daybook> ')
        self.assertEqual(0, terminal.leave())

    def test_an_interrupted_command_cancels_on_the_server(self):
        environment = dict(os.environ, DAYBOOK_TOKEN=self.reader)
        child = subprocess.Popen([lab.DAYBOOK, 'query', '--server', self.lab.url, '--cacert',
                                  self.lab.ca_file, '--tenant', 'contoso', LONG],
                                 env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(2)
        child.send_signal(signal.SIGINT)
        begin = time.monotonic()
        _, error = child.communicate(timeout=10)
        took = time.monotonic() - begin
        idle = self.idle_within(5)
        print(f'SIGINT: ended after {took:.2f} s, the server idle after {idle:.2f} s more')
        self.assertEqual(4, child.returncode, error)
        self.assertLess(took, 1.0)

    def test_a_closed_connection_cancels(self):
        place = urllib.parse.urlsplit(self.lab.url)
        plain = socket.create_connection((place.hostname, place.port))
        connection = self.lab.tls.wrap_socket(plain, server_hostname=place.hostname)
        body = json.dumps({'query': LONG}).encode()
        connection.sendall(b'POST /v1/query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ' +
                           self.reader.encode() + b'\r\nContent-Length: ' +
                           str(len(body)).encode() + b'\r\n\r\n' + body)
        time.sleep(1.5)
        busy = self.work_ticks()
        time.sleep(1)
        self.assertGreater(self.work_ticks() - busy, 5, 'the query does not run')
        connection.close()
        idle = self.idle_within(5)
        print(f'closed connection: the server idle after {idle:.2f} s')
        self.assertLess(idle, 2.0)  # the aim is 1 s on an idle machine

    def test_the_history_is_the_users_alone(self):
        terminal = Terminal(self)
        terminal.wait('daybook> ')
        terminal.type('print marker = 12345;\r')
        terminal.wait('1 row,')
        terminal.wait('daybook> ')
        self.assertEqual(0, terminal.leave())
        path = os.path.join(terminal.state, 'daybook/history')
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        again = Terminal(self)
        again.wait('daybook> ')
        again.type('\x1b[A')
        again.wait('print marker = 12345;')
        again.give_up()
        self.assertEqual(0, again.leave())

    def test_no_record_writes_to_the_terminal(self):
        """Neither by a cell of CSV nor by the raw bytes of what is no JSON."""
        answer = self.lab.ingest(self.writer, b'{"a":"\x1b]0;title\x07\xc2\x9b31m"\n', table='Odd')
        raw = Terminal(self, '--from-seq', str(answer['first_seq']), '--count', '1', command='raw')
        shown, _ = raw.wait('31m"')
        self.assertIn('"\\u{1b}]0;title\\u{7}\\u{9b}', shown)
        self.assertEqual(0, raw.code())
        query = 'AuditRecords | where UserId endswith "red" | project UserId, Operation'
        csv = Terminal(self, '-o', 'csv', query)
        shown, _ = csv.wait('[31mred,Send')
        self.assertTrue(shown.endswith('a\\u{1b}'), shown)
        self.assertNotIn('\x1b', shown)
        self.assertEqual(0, csv.code())

    def test_no_prompt_goes_into_a_file(self):
        path = os.path.join(self.lab.parent, 'rows')
        terminal = Terminal(self, output=path)
        terminal.type('print a = 1\r\x04')
        self.assertEqual(0, terminal.code())
        with open(path, encoding='utf-8') as file:
            self.assertEqual('{"a":1}\n', file.read())

    def test_ctrl_c_is_the_pagers(self):
        os.environ['PAGER'] = 'trap "" INT; sed s/^/paged:/; read line </dev/tty; echo left'
        self.addCleanup(os.environ.pop, 'PAGER', None)
        terminal = Terminal(self, '--pager', 'print a = 1')
        terminal.wait('paged:1')
        for _ in range(3):
            terminal.type('\x03')
            time.sleep(0.2)
        terminal.type('q\r')
        terminal.wait('left')
        self.assertEqual(0, terminal.code())

    def test_a_pager_is_used_only_if_asked(self):
        environment = dict(os.environ, PAGER='sed s/^/paged:/')
        os.environ['PAGER'] = environment['PAGER']
        self.addCleanup(os.environ.pop, 'PAGER', None)
        terminal = Terminal(self, '--pager', 'print a = 1')
        terminal.wait('paged:a')
        self.assertEqual(0, terminal.code())
        plain = Terminal(self, 'print b = 1')
        shown, _ = plain.wait('1 row,')
        self.assertNotIn('paged:', shown)
        self.assertEqual(0, plain.code())
