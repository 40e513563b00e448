# SPDX-License-Identifier: Apache-2.0
"""The published records of a Golden SAML theft, and the questions about it."""
import json

import lab
from story import Story

CASES = 9


class GoldenSaml(Story):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tables = {'office': 'OfficeActivity', 'aad': 'AuditLogs', 'windows': 'SecurityEvent'}
        for name, table in tables.items():
            path = lab.shared(f'data/goldensaml_{name}.jsonl.gz')
            if path:
                cls.lab.ingest(cls.writer, '\n'.join(lab.lines_of(path)) + '\n', table=table)
        path = lab.shared('data/goldensaml_defender.jsonl.gz')
        for line in lab.lines_of(path) if path else []:
            action = json.loads(line)['ActionType']
            table = {'LdapSearch': 'DeviceEvents',
                     'Directory Services replication': 'IdentityDirectoryEvents'}.get(
                         action, 'CloudAppEvents')
            cls.lab.ingest(cls.writer, line + '\n', table=table)

    def setUp(self):
        self.shared('data/goldensaml_questions.jsonl', 1)

    def ask(self, text):
        return self.lab.query(text, 'contoso', self.reader)

    def test_gs03_messages_read(self):
        rows = self.ask('OfficeActivity | where Operation == "MailItemsAccessed" '
                        '| mv-expand f = todynamic(Folders) | mv-expand i = f.FolderItems '
                        '| summarize Total = count(), '
                        'Distinct = dcount(tostring(i.InternetMessageId))')
        self.assertEqual([{'Total': 7, 'Distinct': 6}], rows)

    def test_gs05_distinct_directory_events(self):
        rows = self.ask('AuditLogs | summarize d = dcount(Id), n = count()')
        self.assertEqual([{'d': 3, 'n': 4}], rows)

    def test_gs06_permission_added(self):
        rows = self.ask('AuditLogs | where OperationName == "Update application" '
                        '| project TimeGenerated, t = tostring(TargetResources)')
        self.assertTrue(any('024d486e-b451-40bb-833d-3e66d98c5c73' in r['t'] for r in rows))

    def test_gs07_scope_before_and_after(self):
        rows = self.ask('AuditLogs | where OperationName == "Add delegated permission grant" '
                        '| project TimeGenerated, t = tostring(TargetResources)')
        self.assertEqual(1, len(rows))
        self.assertIn('Mail.ReadWrite', rows[0]['t'])
        self.assertTrue(rows[0]['TimeGenerated'].startswith('2021-08-02T13:27:20.017'))

    def test_gs09_tool(self):
        rows = self.ask('AuditLogs | extend a = todynamic(AdditionalDetails) '
                        '| distinct tostring(a[0].value)')
        self.assertEqual(1, len(rows))
        self.assertIn('WindowsPowerShell/5.1.17763.1971', next(iter(rows[0].values())))

    def test_exported_texts_are_what_they_say(self):
        rows = self.ask('AuditLogs | where InitiatedBy.user.userPrincipalName has "pgustavo" '
                        'and OperationName == "Add delegated permission grant" '
                        '| mv-expand p = TargetResources[0].modifiedProperties '
                        '| where p.displayName == "DelegatedPermissionGrant.Scope" '
                        '| project to = tostring(TargetResources[0].displayName), '
                        'scope = tostring(p.newValue), AdditionalDetails[0].key')
        self.assertEqual([{'to': 'Microsoft Graph', 'scope': '"User.Read Mail.ReadWrite"',
                           'AdditionalDetails_0_key': 'User-Agent'}], rows)

    def test_gs10_replication(self):
        rows = self.ask('IdentityDirectoryEvents '
                        '| where ActionType == "Directory Services replication" '
                        '| project Timestamp, IPAddress | order by Timestamp asc')
        self.assertEqual(['192.168.2.5'] * 2, [r['IPAddress'] for r in rows])
        self.assertTrue(rows[0]['Timestamp'].startswith('2021-08-02T13:08:18.374'))

    def test_gs11_the_same_event_in_two_tables(self):
        rows = self.ask('CloudAppEvents | where ActionType == "MailItemsAccessed" '
                        '| project r = todynamic(RawEventData) '
                        '| project n = toint(r.OperationCount), id = tostring(r.Id)')
        self.assertEqual([7], [r['n'] for r in rows])

    def test_gs12_searches_for_the_key(self):
        rows = self.ask('DeviceEvents | where ActionType == "LdapSearch" '
                        '| summarize n = count(), first = min(Timestamp), last = max(Timestamp) '
                        'by InitiatingProcessAccountName')
        self.assertEqual([(5, 'wardog')],
                         [(r['n'], r['InitiatingProcessAccountName']) for r in rows])
        self.assertTrue(rows[0]['first'].startswith('2021-08-02T13:11:39.7724491'))

    def test_gs13_events_per_computer(self):
        rows = self.ask('SecurityEvent | where EventID in (4662, 4624) '
                        '| summarize n = count() by Computer, EventID '
                        '| order by Computer asc, EventID asc')
        self.assertEqual([('ADFS01.simulandlabs.com', 4624, 4),
                          ('DC01.simulandlabs.com', 4624, 24),
                          ('DC01.simulandlabs.com', 4662, 5)],
                         [(r['Computer'], r['EventID'], r['n']) for r in rows])
