# SPDX-License-Identifier: Apache-2.0
"""Each sync takes a second and a half, as on a disk that is about to die.

Whoever sends waits, or is answered 429: the memory of the server stays bounded while more is sent
than it can put on the disk, a small tenant is served within a few syncs, /livez answers at once,
`doctor` says what is wrong, and what was acknowledged is there after a kill in the middle of it.
When the disk is quick again so is the server.  DAYBOOK_SLOW_S sets the length.
"""
import json
import os
import threading
import time

import lab
from s93_overload_is_shed import BODY_RECORDS, Flood, bearer, bulk_body
from story import Story, record

SLOW = os.path.join(lab.BUILD, 'test/system/slow.so')
SECONDS = float(os.environ.get('DAYBOOK_SLOW_S', '20'))
SYNC_MS = 1500
BULK_CLIENTS = 100    # of 4 MiB each: more than a tenant's bodies may have
SMALL_CLIENTS = 60
RSS_BYTES_MAX = 1 << 30  # what waits is bounded, whoever sends how much; 468 MiB were seen
SLOWEST_S = 30.0      # of the small tenant, some syncs, on anybody's machine
LIVE_S = 5.0
QUICK_S = 10.0        # until it is itself again


class SlowDisk(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.add_tenant('flood')
        cls.flooder = cls.lab.add_token('ingest', 'flood')
        cls.flood_reader = cls.lab.add_token('analyst', 'flood')
        cls.slow = os.path.join(cls.lab.parent, 'slow')
        cls.set_delay(0)
        cls.restart(cls.lab.stop)
        cls.acked = []

    @classmethod
    def restart(cls, end):
        end()
        cls.lab.start(env={'LD_PRELOAD': SLOW, 'DAYBOOK_SLOW': cls.slow})

    @classmethod
    def set_delay(cls, milliseconds):
        with open(cls.slow, 'w', encoding='ascii') as file:
            file.write(f'{milliseconds}\n')

    def send(self):
        line = json.dumps(record(Number=len(self.acked))).encode()
        begin = time.monotonic()
        answer = self.lab.ingest(self.writer, line)
        self.acked.append((answer['first_seq'], line))
        return time.monotonic() - begin

    def ask(self):
        begin = time.monotonic()
        self.assertEqual(len(self.acked), self.count())
        return time.monotonic() - begin

    def log_check(self):
        checks = self.lab.ask('GET', '/v1/status')['checks']
        return next(check for check in checks if check['check'] == 'log')

    def watch(self, ended, lives):
        """How long /livez takes, all the time."""
        while not ended.wait(0.2):
            begin = time.monotonic()
            status = self.lab.http('GET', '/livez', token='')[0]
            lives.append((status, time.monotonic() - begin))

    def test_slow(self):
        idle = min(self.send() for _ in range(5))
        self.assertEqual('ok', self.log_check()['verdict'])
        self.set_delay(SYNC_MS)
        bulk = ('POST', '/v1/ingest', bulk_body(), bearer(self.flooder))
        small = ('POST', '/v1/ingest', json.dumps(record()).encode(), bearer(self.flooder))
        ended, lives, times = threading.Event(), [], []
        watcher = threading.Thread(target=self.watch, args=(ended, lives), daemon=True)
        with Flood(self.lab, '127.0.0.2', BULK_CLIENTS, bulk) as flood, \
                Flood(self.lab, '127.0.0.3', SMALL_CLIENTS, small) as many:
            watcher.start()
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                times += [self.send(), self.ask()]
            check = self.log_check()
            memory = self.lab.peak_memory_bytes()
            ended.set()
            watcher.join()
            flood.stopped.set()
            many.stopped.set()
            self.lab.kill()  # with all that waits
        self.set_delay(0)
        self.restart(lambda: None)
        print(f'  idle {idle * 1000:.0f} ms, slow {max(times):.1f} s at most of {len(times)}, '
              f'livez {max(t for _, t in lives) * 1000:.0f} ms, peak memory {memory >> 20} MiB, '
              f'floods {flood.answers} {many.answers}', flush=True)
        self.assertEqual({200}, {status for status, _ in lives})
        self.assertLess(max(t for _, t in lives), LIVE_S)
        self.assertGreaterEqual(max(times), SYNC_MS / 1000)  # it was slow
        self.assertLess(max(times), SLOWEST_S)
        self.assertLess(memory, RSS_BYTES_MAX)
        self.assertEqual('warning', check['verdict'], check)
        self.assertIn('slow', check['text'])
        self.assertEqual(0, flood.problems + many.problems, '429 without Retry-After')
        self.assertGreater(flood.answers.get(429, 0), 0)
        self.assertGreater(many.answers.get(200, 0), 0)
        self.assertLessEqual(set(flood.answers) | set(many.answers), {200, 429, 'closed'})
        self.assertTrue(lab.wait_until(lambda: self.send() < 1, QUICK_S), 'it stays slow')
        self.assertEqual('ok', self.log_check()['verdict'])
        low = self.acked[0][0]
        back = self.raw(low, self.acked[-1][0] - low + 1)
        self.assertEqual([], [seq for seq, line in self.acked if back[seq - low] != line])
        acked = flood.answers.get(200, 0) * BODY_RECORDS + 1  # the small ones are one record
        self.assertGreaterEqual(self.count(tenant='flood', token=self.flood_reader), acked)
