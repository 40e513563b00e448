# SPDX-License-Identifier: Apache-2.0
"""Two tenants with canary words: nothing of one is ever in an answer to the other."""
import hashlib
import json
import time

from story import Story, record

ONE, TWO = 'canary-one-7f3a', 'canary-two-91bc'


class Tenants(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.add_tenant('fabrikam')
        cls.other_writer = cls.lab.add_token('ingest', 'fabrikam')
        cls.other_reader = cls.lab.add_token('analyst', 'fabrikam')
        cls.operator = cls.lab.add_token('operator')
        for i in range(20):
            cls.lab.ingest(cls.writer, [record(user=f'{ONE}-{i}@x.example')], table=None)
            cls.lab.ingest(cls.other_writer, [record(user=f'{TWO}-{i}@x.example')])

    def everything(self, token, *paths):
        return b''.join(self.lab.http(method, path, body, token)[2] for method, path, body in paths)

    def test_answers_hold_only_the_own_words(self):
        for token, own, other in ((self.reader, ONE, TWO), (self.other_reader, TWO, ONE)):
            seen = self.everything(
                token,
                ('POST', '/v1/query', '{"query":"AuditRecords"}'),
                ('POST', '/v1/query', '{"query":"search \\"canary\\""}'),
                ('POST', '/v1/query', '{"query":"union * | where UserId has \\"canary\\""}'),
                ('POST', '/v1/query', '{"query":"DaybookAudit"}'),
                ('GET', '/v1/raw?from-seq=0&count=1000', None),
                ('GET', '/v1/status', None), ('GET', '/v1/tenants', None),
                ('POST', '/v1/scope', '{"user":["' + other + '-1@x.example"]}'))
            self.assertIn(own.encode(), seen)
            self.assertNotIn(other.encode(), seen.replace(
                f'{other}-1@x.example'.encode(), b''))

    def test_naming_another_tenant_looks_like_naming_none(self):
        theirs = self.lab.http('POST', '/v1/query', '{"query":"AuditRecords","tenant":"fabrikam"}',
                               self.reader)
        nobody = self.lab.http('POST', '/v1/query', '{"query":"AuditRecords","tenant":"nobody"}',
                               self.reader)
        self.assertEqual(theirs[0], nobody[0])
        self.assertEqual(theirs[2].replace(b'fabrikam', b'X'), nobody[2].replace(b'nobody', b'X'))

    def test_writing_goes_to_the_tenant_of_the_token(self):
        before = self.count(tenant='fabrikam', token=self.other_reader)
        status, _, _ = self.lab.http('POST', '/v1/ingest?tenant=fabrikam', b'{}', self.writer)
        self.assertGreaterEqual(status, 400)
        self.assertEqual(before, self.count(tenant='fabrikam', token=self.other_reader))

    def test_a_token_to_write_does_not_read(self):
        self.refused(403, self.lab.query, 'AuditRecords', 'contoso', self.writer)

    def test_a_token_to_read_does_not_write(self):
        self.refused(403, self.lab.ingest, self.reader, [record()])

    def test_all_tenants_are_for_the_operator(self):
        self.refused(403, self.lab.query, 'AuditRecords | count', None, self.reader)
        rows = self.lab.query('AuditRecords | summarize n = count() by TenantId', None,
                              self.operator)
        self.assertEqual([20, 20], [row['n'] for row in rows])

    def test_what_is_asked_of_all_tenants_is_read_by_the_instance_alone(self):
        victim = {'kind': 'user', 'value': TWO + '-1@x.example'}
        body = json.dumps({'all_tenants': True, 'indicators': [victim]})
        self.assertEqual(200, self.lab.http('POST', '/v1/scope', body, self.operator)[0])
        self.lab.query(f'AuditRecords | where UserId has "{TWO}" | count', None, self.operator)
        mine = 'DaybookAudit | where Role == "operator" | project Id, Operation, Query, QueryHash'
        rows = self.lab.query(mine, 'contoso', self.reader)
        self.assertIn('ExposureScope', [row['Operation'] for row in rows])
        self.assertNotIn(TWO, json.dumps(rows))
        whole = {row['Id']: row['Query']
                 for row in self.lab.query('DaybookAudit', 'instance', self.lab.admin)}
        for row in rows:
            asked = f"{row['Id']}\n{whole[row['Id']]}".encode()
            self.assertEqual(hashlib.sha256(asked).hexdigest(), row['QueryHash'])

    def test_a_revoked_token_ends_within_a_second(self):
        body = self.lab.ask('POST', '/v1/tokens', {'role': 'reader', 'tenant': 'contoso',
                                                   'expires': '1d', 'name': 'short'})
        self.assertEqual(20, self.count(token=body['token']))
        self.lab.ask('DELETE', f"/v1/tokens/{body['id']}")
        time.sleep(1.2)
        self.refused(401, self.lab.query, 'AuditRecords | count', 'contoso', body['token'])
