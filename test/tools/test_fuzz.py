# SPDX-License-Identifier: Apache-2.0
"""Tests of tools/fuzz: a build whose objects do not count their edges is refused."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def check(directory):
    return subprocess.run([sys.executable, os.path.join(ROOT, 'tools/fuzz'), '--check', directory],
                          capture_output=True, text=True, check=False)


class Check(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.build = place.name
        os.mkdir(os.path.join(self.build, 'libm_a.a.p'))

    def compile(self, name, text, *flags):
        path = os.path.join(self.build, 'libm_a.a.p', name + '.o')
        subprocess.run(['clang', *flags, '-x', 'c', '-c', '-o', path, '-'], input=text, text=True,
                       check=True)

    def test_counted(self):
        self.compile('a', 'int f(int x) { return x ? 2 : 3; }', '-fsanitize=fuzzer-no-link')
        self.compile('tables', 'const int table[] = {1, 2};')
        done = check(self.build)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('2 objects', done.stdout)

    def test_not_counted(self):
        self.compile('a', 'int f(int x) { return x ? 2 : 3; }', '-fsanitize=fuzzer-no-link')
        self.compile('blind', 'int g(int x) { return x ? 2 : 3; }', '-fsanitize=address')
        done = check(self.build)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('libm_a.a.p/blind.o', done.stderr)

    def test_nothing(self):
        self.assertNotEqual(check(self.build).returncode, 0)


if __name__ == '__main__':
    unittest.main()
