#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the generator promises: usage test_generate.py PATH-OF-DAYBOOK-GENERATE."""
import collections
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest

RECORDS = 60000
TOOL = sys.argv.pop() if len(sys.argv) > 1 and 'generate' in sys.argv[-1] else \
    os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../build/bench/daybook-generate')


def generate(*options):
    return subprocess.run([TOOL, '--records', str(RECORDS), *options], capture_output=True,
                          check=True).stdout


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


class Generator(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, 'truth')
            cls.lines = generate('--attack', '--truth', path).split(b'\n')
            with open(path, encoding='utf-8') as f:
                cls.truth = json.load(f)
        cls.records, cls.broken = [], []
        for line in cls.lines[:-1]:
            try:
                cls.records.append(json.loads(line))
            except ValueError:
                cls.broken.append(line)
        cls.access = [r for r in cls.records if r['Operation'] == 'MailItemsAccessed']

    def malicious(self, record):
        return record['ClientAppId'] == self.truth['app_id'] and \
            record['ClientIPAddress'] in self.truth['ips']

    def test_the_same_options_give_the_same_bytes(self):
        self.assertEqual(generate('--seed', '7'), generate('--seed', '7'))
        self.assertNotEqual(generate('--seed', '7'), generate('--seed', '8'))

    def test_each_line_counts_and_few_are_broken(self):
        self.assertEqual(RECORDS, len(self.lines) - 1)
        self.assertLess(len(self.broken), RECORDS / 2000)

    def test_a_clean_stream_has_no_record_twice_and_none_broken(self):
        lines = generate('--clean').split(b'\n')[:-1]
        self.assertEqual(RECORDS, len({json.loads(line)['Id'] for line in lines}))

    def test_passwords_are_guessed_in_bursts_and_some_get_in(self):
        failed = collections.defaultdict(list)
        signed_in = collections.defaultdict(list)
        for record in self.records:
            if record['Operation'] == 'UserLoginFailed':
                failed[record['ClientIP']].append(record['CreationTime'])
            elif record['Operation'] == 'UserLoggedIn':
                signed_in[record['ClientIP']].append(record['CreationTime'])
        bursts = [address for address, times in failed.items()
                  if len(times) >= 12 and seconds(max(times)) - seconds(min(times)) <= 600]
        self.assertGreaterEqual(len(bursts), 1)
        for address in bursts:
            self.assertLessEqual(len(signed_in[address]), 1, 'nobody else is there')

    def test_there_are_34_operations(self):
        self.assertGreaterEqual(len({r['Operation'] for r in self.records}), 32)

    def test_some_records_come_twice_byte_by_byte(self):
        twice = len(self.lines) - len(set(self.lines))
        self.assertGreater(twice, RECORDS * 0.003)
        self.assertEqual(len(set(self.lines)) - 1 - len(set(self.broken)),
                         len({r['Id'] for r in self.records}))

    def test_the_truth_is_what_the_records_say(self):
        found = collections.defaultdict(set)
        sync = collections.defaultdict(set)
        for record in filter(self.malicious, self.access):
            box = (record['OrganizationId'], record['MailboxOwnerUPN'])
            for folder in record['Folders']:
                found[box].update(i['InternetMessageId'] for i in folder.get('FolderItems', []))
                if 'FolderItems' not in folder:
                    sync[box].add(folder['Path'].replace('\\', '\\\\'))
        boxes = {(m['tenant_id'], m['mailbox']): m for m in self.truth['mailboxes']}
        self.assertEqual(60, len(boxes))
        self.assertEqual(25, len({tenant for tenant, _ in boxes}))
        self.assertEqual(set(boxes), set(found))
        for box, mailbox in boxes.items():
            self.assertEqual(set(mailbox['bind_messages']), found[box])
            self.assertEqual({f.replace('\\', '\\\\') for f in mailbox['sync_folders']}, sync[box])

    def test_the_actor_hides_in_an_application_that_others_use(self):
        victims = {m['mailbox'] for m in self.truth['mailboxes']}
        tenants = {m['tenant_id'] for m in self.truth['mailboxes']}
        others = [r for r in self.access
                  if r['ClientAppId'] == self.truth['app_id'] and not self.malicious(r)]
        self.assertFalse(victims & {r['MailboxOwnerUPN'] for r in others})
        self.assertTrue(tenants & {r['OrganizationId'] for r in others})
        self.assertTrue({r['OrganizationId'] for r in others} - tenants)

    def test_nobody_else_has_the_addresses_of_the_actor(self):
        for record in self.records:
            if record.get('ClientIP') in self.truth['ips']:
                self.assertTrue(record['Operation'] == 'MailItemsAccessed' and
                                self.malicious(record))

    def test_some_accesses_are_syncs_and_some_throttled(self):
        properties = collections.Counter(
            (p['Name'], p['Value']) for r in self.access for p in r['OperationProperties'])
        self.assertGreater(properties['MailAccessType', 'Sync'], 100)
        self.assertGreater(properties['IsThrottled', 'True'], 5)


if __name__ == '__main__':
    unittest.main()
