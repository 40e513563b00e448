# SPDX-License-Identifier: Apache-2.0
"""The simulation says what it did when it is stopped."""
import json
import os
import signal
import subprocess
import time
import unittest

SIMULATE = os.path.join(os.environ['DAYBOOK_BUILD'], 'test/sim/simulate')


class Stopped(unittest.TestCase):
    def test_it_says_what_it_did(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([SIMULATE, 'seeds', '1', '100000000'],
                                       stdout=subprocess.PIPE)
            time.sleep(1)
            process.send_signal(number)
            out, _ = process.communicate(timeout=60)
            self.assertEqual(0, process.returncode, out)
            self.assertGreater(json.loads(out)['seeds'], 0)


if __name__ == '__main__':
    unittest.main()
