# SPDX-License-Identifier: Apache-2.0
"""The program is made as hard to abuse as compiler and linker can: test_hardening.py PROGRAM."""
import glob
import os
import re
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop()


def readelf(options, path):
    return subprocess.run(['readelf', options, path], capture_output=True, text=True,
                          check=True).stdout


class Hardening(unittest.TestCase):
    def test_it_lies_anywhere_and_its_tables_cannot_be_written(self):
        self.assertIn('Type: DYN', re.sub(' +', ' ', readelf('-hW', PROGRAM)))
        segments = readelf('-lW', PROGRAM)
        self.assertIn('GNU_RELRO', segments)
        self.assertRegex(segments, r'GNU_STACK .* RW  ')
        self.assertNotRegex(segments, r'LOAD .* RWE ')
        self.assertRegex(readelf('-dW', PROGRAM), r'FLAGS_1\).*NOW.*PIE')

    def test_copies_are_checked_against_the_size_of_what_they_fill(self):
        self.assertRegex(readelf('-sW', PROGRAM),
                         r'__(memcpy|snprintf|vsnprintf)_chk')

    def test_every_object_guards_its_stack_and_marks_its_branches(self):
        objects = glob.glob(os.path.join(os.path.dirname(PROGRAM), '**/lib*.a.p/*.o'),
                            recursive=True)
        self.assertGreater(len(objects), 200)
        unmarked = [path for path in objects if 'IBT, SHSTK' not in readelf('-nW', path)]
        self.assertEqual([], unmarked)
        guarded = [path for path in objects if '__stack_chk_fail' in readelf('-sW', path)]
        self.assertGreater(len([path for path in guarded if path.endswith('.cc.o')]), 0)
        self.assertGreater(len(guarded), len(objects) // 2)


if __name__ == '__main__':
    unittest.main()
