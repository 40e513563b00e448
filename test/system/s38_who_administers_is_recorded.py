# SPDX-License-Identifier: Apache-2.0
"""Actions on the instance leave a record each; wrong tokens are counted."""
import os
import signal
import time

import lab
from story import Story


class Instance(Story):
    def records(self):
        rows = self.lab.query('DaybookAudit | where Operation != "AuditSearch" '
                              '| summarize n = count() by Operation', 'instance', self.lab.admin)
        return {r['Operation']: r['n'] for r in rows}

    def test_each_action_leaves_one_record(self):
        made = self.lab.ask('POST', '/v1/tokens', {'role': 'admin'})
        actions = [
            ('TokenAdd', lambda: self.lab.ask('POST', '/v1/tokens', {'role': 'operator'})),
            ('TokenRevoke', lambda: self.lab.ask('DELETE', '/v1/tokens/' + made['id'])),
            ('WebhookSet', lambda: self.lab.ask('PUT', '/v1/settings/webhook', {'url': ''})),
            ('Compact', lambda: self.lab.http('POST', '/v1/compact', b'')),
            ('TokenList', lambda: self.lab.ask('GET', '/v1/tokens')),
            ('TenantList', lambda: self.lab.ask('GET', '/v1/tenants')),
            ('WebhookRead', lambda: self.lab.ask('GET', '/v1/settings/webhook')),
            ('LossList', lambda: self.lab.ask('GET', '/v1/losses')),
        ]
        for operation, action in actions:
            before = self.records()
            action()
            after = self.records()
            self.assertEqual(1, after.pop(operation) - before.pop(operation, 0), operation)
            self.assertEqual(before, after, operation)

    def test_actions_of_a_tenant_are_recorded_there(self):
        before = self.records()
        self.lab.add_tenant('northwind')
        self.lab.ask('POST', '/v1/tokens', {'role': 'reader', 'tenant': 'northwind'})
        rows = self.lab.query('DaybookAudit | where Operation != "AuditSearch" | project Operation',
                              'northwind', self.lab.admin)
        self.assertEqual(['TenantAdd', 'TokenAdd'], sorted(r['Operation'] for r in rows))
        self.assertEqual(before, self.records())

    def test_the_life_of_the_server_is_recorded(self):
        self.lab.process.send_signal(signal.SIGHUP)
        self.assertTrue(lab.wait_until(lambda: 'CertificateLoad' in self.records()))
        self.lab.stop()
        self.lab.start()
        self.assertEqual((2, 1), (self.records()['ServerStart'], self.records()['ServerStop']))
        start = self.lab.query('DaybookAudit | where Operation == "ServerStart" | take 1 '
                               '| extend Settings = parse_json(Query) '
                               '| project UserId, Listen = tostring(Settings.listen)',
                               'instance', self.lab.admin)
        self.assertEqual('server', start[0]['UserId'])
        self.assertIn('127.0.0.1', start[0]['Listen'])

    def test_a_refused_attempt_is_recorded_in_the_tenant_of_the_token(self):
        self.refused(403, self.lab.ask, 'GET', '/v1/tokens', None, self.reader)
        self.assertTrue(lab.wait_until(lambda: self.lab.query(
            'DaybookAudit | where Operation == "Denied" and Query == "GET /v1/tokens: 403 '
            'forbidden" | count', 'contoso', self.lab.admin) != [{'Count': 0}]))

    def test_what_is_refused_is_not_done(self):
        for url in ('ftp://x', 'http://example.com:8080/', 'https://example.com:25/',
                    'https://me@example.com/'):  # none would ever be delivered to
            self.refused(400, self.lab.ask, 'PUT', '/v1/settings/webhook', {'url': url})
        self.refused(400, self.lab.ask, 'PUT', '/v1/settings/webhook', {'uri': 'https://a.example'})
        self.refused(403, self.lab.ask, 'PUT', '/v1/settings/webhook', {'url': ''}, self.reader)
        self.refused(404, self.lab.query, 'DaybookAudit', 'instance', self.reader)
        self.refused(400, self.lab.ask, 'POST', '/v1/tenants', {'name': 'instance'})


class Guesses(Story):
    def test_wrong_tokens_are_limited_and_right_ones_are_not(self):
        wrong = 'dbk_' + '0' * 20
        answers = []
        begin = time.monotonic()
        for _ in range(400):
            status, headers, _ = self.lab.http('GET', '/v1/tenants', token=wrong)
            answers.append(status)
            if status == 429:
                self.assertGreater(int(headers['Retry-After']), 0)
        self.assertEqual({401, 429}, set(answers))
        # A hundred at once, then one a second, however slow the machine is.
        self.assertLessEqual(answers.count(401), 101 + time.monotonic() - begin)
        # The same address, a valid token: nothing has changed.
        for _ in range(20):
            self.assertEqual([{'Count': 0}], self.lab.query('AuditRecords | count', 'contoso',
                                                            self.reader))
        status, _, _ = self.lab.http('GET', '/livez', token='')
        self.assertEqual(200, status)
        self.assertTrue(any(self.lab.http('GET', '/v1/tenants', token=wrong)[0] == 429
                            for _ in range(400)))


class BehindAProxy(Story):
    def test_the_client_is_recorded_and_limited_not_the_proxy(self):
        settings = os.path.join(self.lab.parent, 'proxy.yml')
        for proxies, recorded, shared in (('[127.0.0.0/8, 10.0.0.1]', '203.0.113.9', False),
                                          ('[10.0.0.1]', '127.0.0.1', True)):
            with open(settings, 'w', encoding='ascii') as file:
                file.write(f'trusted_proxies: {proxies}\n')
            with self.subTest(proxies=proxies), lab.Lab() as other:
                other.start('--config', settings)
                status, _, _ = other.http('POST', '/v1/tokens', b'{"role":"admin"}', other.admin,
                                          {'X-Forwarded-For': '1.2.3.4, 203.0.113.9, 10.0.0.1'})
                self.assertEqual(200, status // 100 * 100)
                rows = other.query('DaybookAudit | where Operation == "TokenAdd" '
                                   '| project ClientIP', 'instance', other.admin)
                self.assertEqual([{'ClientIP': recorded}], rows)
                guess = lambda address: other.http(
                    'GET', '/v1/tenants', token='dbk_' + '0' * 20,
                    headers={'X-Forwarded-For': address})[0]
                self.assertIn(429, [guess('203.0.113.9') for _ in range(200)])
                # A neighbour's one mistake is answered as such: the bucket of all has ten a second.
                answers = []
                for _ in range(20):
                    time.sleep(0.2)
                    answers.append(guess('198.51.100.7'))
                self.assertEqual(shared, 429 in answers, answers)
