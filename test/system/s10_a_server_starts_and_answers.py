# SPDX-License-Identifier: Apache-2.0
"""init, serve, the health pages, help."""
import contextlib
import os
import re
import ssl
import stat
import shutil
import subprocess
import urllib.request

import lab
from story import Story


class Health(Story):
    def test_live_and_ready_are_for_everybody(self):
        for path in ('/livez', '/readyz'):
            status, _, _ = self.lab.http('GET', path, token='')
            self.assertEqual(200, status, path)

    def test_metrics_are_prometheus_text(self):
        status, headers, body = self.lab.http('GET', '/metrics')
        self.assertEqual(200, status)
        self.assertTrue(headers['Content-Type'].startswith('text/plain'))
        lines = [l for l in body.decode().splitlines() if l and not l.startswith('#')]
        self.assertGreater(len(lines), 10)
        for line in lines:
            self.assertRegex(line, r'^[a-z0-9_]+(\{[^}]*\})? [-+0-9.e]+$')

    def test_metrics_want_a_token(self):
        status, _, _ = self.lab.http('GET', '/metrics', token='')
        self.assertEqual(401, status)

    def test_an_unknown_path_is_404(self):
        status, _, _ = self.lab.http('GET', '/v1/nothing')
        self.assertEqual(404, status)

    def test_the_certificate_is_checked_against_the_ca_file_only(self):
        with self.assertRaises(urllib.error.URLError) as caught:
            urllib.request.urlopen(self.lab.url + '/livez', timeout=10)
        self.assertIsInstance(caught.exception.reason, ssl.SSLError)

    def test_nobody_else_may_read_the_data_directory(self):
        mode = stat.S_IMODE(os.stat(self.lab.data).st_mode)
        self.assertEqual(0, mode & 0o077, oct(mode))

    def test_a_wrong_token_is_401(self):
        self.refused(401, self.lab.ask, 'GET', '/v1/tenants', token='dbk_x_y_z')


class ControlGroup(Story):
    """What a container, or MemoryMax= of a service, leaves is what there is."""

    limit_mib = 4096

    @contextlib.contextmanager
    def bounded(self):
        """This process, and what it starts, in a control group; of version 1 or 2."""
        with open('/proc/self/cgroup', encoding='utf-8') as file:
            groups = {controllers: path for _, controllers, path in
                      (line.strip().split(':', 2) for line in file)}
        if 'memory' in groups:
            hierarchy, name, own = '/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory'
        else:
            hierarchy, name, own = '/sys/fs/cgroup', 'memory.max', ''
        group = os.path.join(hierarchy, f'daybook-{os.getpid()}')
        try:
            os.mkdir(group)
        except OSError as error:
            self.skipTest(f'no control group can be made here: {error}')
        try:
            if not os.path.exists(os.path.join(group, name)):
                self.skipTest(f'control groups here have no {name}')
            with open(os.path.join(group, name), 'w', encoding='ascii') as file:
                file.write(str(self.limit_mib << 20))
            self.join(group)
            yield
        finally:
            self.join(hierarchy + groups[own])
            os.rmdir(group)

    @staticmethod
    def join(group):
        with open(os.path.join(group, 'cgroup.procs'), 'w', encoding='ascii') as file:
            file.write(str(os.getpid()))

    def test_the_cache_is_a_part_of_it(self):
        with lab.Lab() as other, self.bounded():
            other.start()
            self.assertIn(f'cache_mib is {self.limit_mib // 16}, of {self.limit_mib} MiB of memory',
                          other.log_tail())
            other.stop()


class CommandLine(Story):
    def test_each_command_has_help(self):
        overview = self.lab.run('--help')
        self.assertEqual(0, overview.returncode)
        for name in ('init', 'serve', 'tenant', 'token', 'ingest', 'query', 'raw', 'scope',
                     'compact', 'doctor'):
            self.assertRegex(overview.stdout, rf'(?m)^\s*{name}\b')
            done = self.lab.run(name, '--help')
            self.assertEqual(0, done.returncode, name)
            self.assertIn(f'daybook {name}', done.stdout)

    def test_usage_errors_end_with_2(self):
        for args in (['nothing'], ['query'], ['token', 'add'], ['serve', '--no-such-option']):
            done = self.lab.run(*args)
            self.assertEqual(2, done.returncode, args)
            self.assertEqual('', done.stdout)
            self.assertTrue(done.stderr)

    def test_help_has_other_spellings(self):
        self.assertEqual(self.lab.run('--help').stdout, self.lab.run('-h').stdout)
        wanted = self.lab.run('query', '--help').stdout
        for args in (['query', '-h'], ['help', 'query'], ['--help', 'query']):
            done = self.lab.run(*args)
            self.assertEqual((0, wanted), (done.returncode, done.stdout), args)

    def test_nothing_is_done_with_an_argument_that_is_wrong(self):
        """A token that is made and cannot be shown would be lost."""
        before = self.lab.cli('token', 'list').stdout
        for args in (['token', 'add', '--role', 'admin', '-o', 'xml'], ['compact', 'now'],
                     ['doctor', 'data'], ['raw', '--tenant', 'contoso', '--from-seq', '1',
                                          '--count', '1', '2'],
                     ['verify', 'bundle'], ['query', '--tenant', 'contoso', '--check', 'print 1'],
                     ['query', '--tenant', 'contoso', '--analyze', 'print 1']):
            done = self.lab.cli(*args)
            self.assertEqual((2, ''), (done.returncode, done.stdout), args)
            self.assertIn('usage: daybook', done.stderr)
        self.assertEqual(before, self.lab.cli('token', 'list').stdout)

    def test_names_may_hold_what_an_address_may_not(self):
        path = os.path.join(self.lab.parent, 'list.csv')
        with open(path, 'w') as f:
            f.write('a,b\n1,2\n')
        for args in (['add', 'My list', path], ['show', 'My list'], ['remove', 'My list']):
            done = self.lab.cli('watchlist', '--tenant', 'contoso', *args)
            self.assertEqual(0, done.returncode, (args, done.stderr))
        for name in ('../tenants', 'a b?c#d', '%2e'):
            done = self.lab.cli('token', 'revoke', name)
            self.assertEqual(2, done.returncode)
            self.assertIn(f"'{name}' is not the id of a token", done.stderr)

    def test_a_query_comes_from_standard_input_too(self):
        for more in ([], ['-']):
            done = self.lab.cli('query', '--tenant', 'contoso', *more, data='print a = 1\n')
            self.assertEqual('{"a":1}\n', done.stdout, done.stderr)
        done = self.lab.cli('query', '--tenant', 'contoso', data=' \n')
        self.assertEqual(2, done.returncode)

    def test_a_file_that_cannot_be_read_is_not_an_empty_one(self):
        for args in (['query', '--batch', '/'],
                     ['scope', '--tenant', 'contoso', '--indicators', '/']):
            done = self.lab.cli(*args)
            self.assertEqual(4, done.returncode, args)
            self.assertIn("cannot read '/': Is a directory", done.stderr)

    def test_a_reader_that_has_enough_is_no_failure(self):
        read, write = os.pipe()
        os.close(read)
        try:
            for args in (['query', 'print 1'], ['raw', '--from-seq', '1', '--count', '9']):
                done = subprocess.run(
                    [lab.DAYBOOK, args[0], '--server', self.lab.url, '--cacert', self.lab.ca_file,
                     '--tenant', 'contoso', *args[1:]], stdout=write, stderr=subprocess.PIPE,
                    env=dict(os.environ, DAYBOOK_TOKEN=self.reader), timeout=120, check=False)
                self.assertEqual((0, b''), (done.returncode, done.stderr), args)
        finally:
            os.close(write)

    def test_why_a_server_is_not_asked_is_said(self):
        for code, wanted, more, token in (
                (3, 'DAYBOOK_TOKEN does not count', [], 'dbk_x_y_z'),
                (2, 'control character', [], 'x\nEvil: y'),
                (2, "cannot read certificates from '/none'", ['--cacert', '/none'], None),
                (4, 'Failed to connect', ['--server', 'https://127.0.0.1:1'], None)):
            args = ['--server', self.lab.url, '--cacert', self.lab.ca_file]
            for name, value in zip(more[::2], more[1::2], strict=True):
                args[args.index(name) + 1] = value
            done = self.lab.run('tenant', 'list', *args, token=token or self.lab.admin)
            self.assertEqual(code, done.returncode, done.stderr)
            self.assertIn(wanted, done.stderr)

    def test_who_holds_a_token_of_a_tenant_need_not_name_it(self):
        for args in (['query', 'print a = 1'], ['raw', '--from-seq', '1', '--count', '1'],
                     ['watchlist', 'list'], ['query', '--explain', 'AuditRecords | count']):
            done = self.lab.cli(*args, token=self.reader)
            self.assertEqual(0, done.returncode, done.stderr)
        done = self.lab.cli('scope', '--ip', '192.0.2.99', token=self.reader)
        self.assertEqual(1, done.returncode, done.stderr)
        done = self.lab.cli('query', 'print a = 1')
        self.assertEqual(2, done.returncode)
        self.assertIn('name a tenant', done.stderr)

    def test_a_token_may_be_in_a_file(self):
        path = os.path.join(self.lab.parent, 'token')
        args = ['query', '--server', self.lab.url, '--cacert', self.lab.ca_file, 'print a = 1']
        for content, code, wanted in ((self.reader + '\n', 0, ''), ('dbk_x_y_z', 3, 'not count'),
                                      ('\n', 3, 'DAYBOOK_TOKEN_FILE'),
                                      ('x' * 100000, 4, 'DAYBOOK_TOKEN_FILE')):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(content)
            done = subprocess.run([lab.DAYBOOK, *args], capture_output=True, text=True,
                                  env=dict(os.environ, DAYBOOK_TOKEN_FILE=path), timeout=120,
                                  check=False)
            self.assertEqual(code, done.returncode, done.stderr)
            self.assertIn(wanted, done.stderr)
        done = subprocess.run([lab.DAYBOOK, *args], capture_output=True, text=True, check=False,
                              env=dict(os.environ, DAYBOOK_TOKEN_FILE='/none',
                                       DAYBOOK_TOKEN=self.reader), timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)  # the variable wins

    def complete(self, *words):
        script = ('eval "$("$0" completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_daybook; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(['bash', '-c', script, lab.DAYBOOK, 'daybook', *words],
                              capture_output=True, text=True, timeout=120, check=True,
                              cwd=self.lab.parent)
        self.assertEqual('', done.stderr)
        return done.stdout.split()

    def test_a_shell_completes(self):
        self.assertEqual(['ingest', 'init'], sorted(self.complete('in')))
        self.assertEqual(['add', 'list', 'show', 'remove'],
                         self.complete('watchlist', '--tenant', 'a', ''))
        self.assertEqual(['--fail-on-incomplete', '--format'],
                         sorted(self.complete('query', '--f')))
        self.assertEqual(['reader'], self.complete('token', 'add', '--role', 'r'))
        self.assertEqual([], self.complete('token', 'add', '--name', 'l'))
        self.assertEqual([], self.complete('raw', '-o'))
        self.assertIn('-o', self.complete('query', '-'))
        self.assertEqual(['zsh'], self.complete('completion', 'z'))
        directory = os.path.basename(self.lab.data.rstrip('/'))
        self.assertIn(directory, self.complete('doctor', '--data', directory[:2]))
        for shell in ('zsh', 'fish'):
            made = self.lab.run('completion', shell).stdout
            checked = subprocess.run([shell, '-n', '-c', made], check=False, capture_output=True) \
                if shutil.which(shell) else None
            self.assertTrue(checked is None or checked.returncode == 0, checked)
        self.assertEqual(2, self.lab.run('completion', 'csh').returncode)

    def test_init_does_not_overwrite(self):
        done = self.lab.run('init', '--data', self.lab.data)
        self.assertNotEqual(0, done.returncode)

    def test_init_fails_when_nobody_sees_its_token(self):
        path = os.path.join(self.lab.parent, 'unseen')
        self.assertEqual(2, self.lab.run('init', '--data', path, '-o', 'xml').returncode)
        self.assertFalse(os.path.exists(path))
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([lab.DAYBOOK, 'init', '--data', path], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        self.assertEqual(4, done.returncode)
        self.assertIn('token add --role admin', done.stderr)
        done = self.lab.run('token', 'add', '--role', 'admin', '--data', path)
        self.assertIn('dbk_', done.stdout)

    def test_the_version_is_told(self):
        done = self.lab.run('--version')
        self.assertEqual(0, done.returncode)
        self.assertTrue(re.search(r'\d+\.\d+\.\d+', done.stdout))

    def test_a_server_that_is_not_there_ends_with_4(self):
        done = self.lab.run('tenant', 'list', '--server', 'https://127.0.0.1:1',
                            '--cacert', self.lab.ca_file, token=self.lab.admin)
        self.assertEqual(4, done.returncode, done.stderr)

    def test_a_token_without_the_right_ends_with_3(self):
        done = self.lab.cli('tenant', 'add', 'evil', token=self.reader)
        self.assertEqual(3, done.returncode, done.stderr)

    def test_lab_is_the_real_program(self):
        self.assertTrue(os.access(lab.DAYBOOK, os.X_OK))
