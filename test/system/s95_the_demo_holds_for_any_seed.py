# SPDX-License-Identifier: Apache-2.0
"""The main job, from end to end, with seeds that nobody chose."""
import os
import random
import subprocess
import sys
import unittest

import lab

DEMO = os.path.join(os.path.dirname(os.path.abspath(lab.__file__)), 'demo')
SEEDS = int(os.environ.get('DAYBOOK_DEMO_SEEDS', '3'))
RECORDS = os.environ.get('DAYBOOK_DEMO_RECORDS', '60000')


class AnySeed(unittest.TestCase):
    def test_every_claim_of_the_demo_holds(self):
        for _ in range(SEEDS):
            seed = str(random.randrange(1, 1 << 31))
            with self.subTest(seed=seed):
                done = subprocess.run([sys.executable, DEMO, '--records', RECORDS, '--seed', seed],
                                      text=True, check=False, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=300)
                self.assertEqual(0, done.returncode, f'seed {seed}:\n{done.stdout[-4000:]}')


if __name__ == '__main__':
    unittest.main()
