#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rules.py - public rules find what they are written for.

Records as the Office 365 Management Activity API delivers them, and rules of the corpus as
they are: each finds its record, and not the harmless one beside it, in one store with all
others.  Prints `N passed, N failed`.  The rules are in DAYBOOK_SHARED/kql; without them all
are skipped.
"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.environ.get('DAYBOOK_SHARED', os.path.join(ROOT, '../shared')), 'kql')
DAYBOOK = os.environ.get('DAYBOOK', os.path.join(ROOT, 'build/daybook'))
NOW = '2026-06-01T00:00:00Z'
TENANT = '0e8108b1-18e9-41a4-961b-dfcddf92ef08'
GRAPH = '00000003-0000-0000-c000-000000000000'
AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36'
POWERSHELL = 'Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.22621.963'


# ---- records, as they are delivered ----

def guid(text):
    """The same for the same text."""
    return '{:08x}-4d1e-4a5b-9c3d-{:012x}'.format(*divmod(hash_of(text), 1 << 48))


def hash_of(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % (1 << 64)
    return value % (1 << 80)


def base(record_type, workload, operation, user, more):
    return {'CreationTime': '2026-05-31T23:40:00', 'Id': guid(json.dumps([operation, user, more])),
            'Operation': operation, 'OrganizationId': TENANT, 'RecordType': record_type,
            'ResultStatus': 'Success', 'UserType': 0, 'Version': 1, 'Workload': workload,
            'UserId': user, **more}


def user(name):
    """An identity of the directory."""
    return [(f'User_{guid(name)}', 2), (guid(name), 2), ('User', 2), (name, 5),
            ('1003BFFD98415B4E', 3)]


def principal(name):
    return [(f'ServicePrincipal_{guid(name)}', 2), (guid(name), 2), ('ServicePrincipal', 2),
            (name, 1), (guid(name + ' application'), 2), (guid(name + ' application'), 4)]


def thing(kind, name, type_name=None):
    return [(f'{kind}_{guid(name)}', 2), (guid(name), 2), (type_name or kind, 2), (name, 1)]


def directory(operation, target, changes=(), category='ServicePrincipal', actor=None, agent=AGENT,
              **more):
    """RecordType 8.  changes: name, new value, old value."""
    actor = actor or user('admin@contoso.example')
    is_user = actor[2][0] == 'User'
    name = actor[3][0] if is_user else 'ServicePrincipal_' + actor[1][0]
    upn = next((text for text, kind in target if kind == 5), 'Not Available')
    details = json.dumps({'User-Agent': agent}) if agent else '{}'
    return base(8, 'AzureActiveDirectory', operation + '.', name, {
        'UserKey': '1003BFFD98415B4E@contoso.example' if is_user else 'Not Available',
        'UserType': 0 if is_user else 4, 'ClientIP': '192.0.2.8', 'ObjectId': upn,
        'AzureActiveDirectoryEventType': 1,
        'ExtendedProperties': [{'Name': 'additionalDetails', 'Value': details},
                               {'Name': 'extendedAuditEventCategory', 'Value': category}],
        'ModifiedProperties': [{'Name': name, 'NewValue': new, 'OldValue': old}
                               for name, new, old in changes],
        'Actor': [{'ID': text, 'Type': kind} for text, kind in actor],
        'ActorContextId': TENANT, 'ActorIpAddress': '192.0.2.8',
        'InterSystemsId': guid('correlation ' + operation + upn), 'SupportTicketId': '',
        'IntraSystemId': '00000000-0000-0000-0000-000000000000',
        'Target': [{'ID': text, 'Type': kind} for text, kind in target],
        'TargetContextId': TENANT, **more})


def sign_in(name, application=GRAPH, error='0', agent=AGENT, device=(), **more):
    """RecordType 15."""
    operation = 'UserLoggedIn' if error == '0' else 'UserLoginFailed'
    device = {'OS': 'Windows10', 'BrowserType': 'Edge', **dict(device),
              'SessionId': guid('session ' + name)}
    return base(15, 'AzureActiveDirectory', operation, name, {
        'UserKey': guid(name), 'ClientIP': '192.0.2.15', 'ObjectId': GRAPH,
        'AzureActiveDirectoryEventType': 1,
        'ExtendedProperties': [{'Name': 'ResultStatusDetail', 'Value': 'Success'},
                               {'Name': 'UserAgent', 'Value': agent},
                               {'Name': 'RequestType', 'Value': 'OAuth2:Authorize'}],
        'ModifiedProperties': [],
        'Actor': [{'ID': guid(name), 'Type': 0}, {'ID': name, 'Type': 5}],
        'ActorContextId': TENANT, 'ActorIpAddress': '192.0.2.15',
        'InterSystemsId': guid('correlation ' + name), 'IntraSystemId': guid('request ' + name),
        'SupportTicketId': '', 'Target': [{'ID': GRAPH, 'Type': 0}], 'TargetContextId': TENANT,
        'ApplicationId': application,
        'DeviceProperties': [{'Name': key, 'Value': value} for key, value in device.items()],
        'ErrorNumber': error, **more})


def exchange(operation, name, parameters=(), target='', **more):
    """RecordType 1."""
    return base(1, 'Exchange', operation, name, {
        'ResultStatus': 'True', 'UserKey': '1003BFFD98415B4E', 'UserType': 2, 'AppId': '',
        'ClientIP': '192.0.2.1:51234', 'ClientAppId': '', 'ExternalAccess': False,
        'ObjectId': target, 'OrganizationName': 'contoso.example',
        'OriginatingServer': 'AM0PR01MB1234 (15.20.4200.000)', 'SessionId': guid(name),
        'Parameters': [{'Name': key, 'Value': value} for key, value in parameters], **more})


def file(operation, name, path, workload='OneDrive', record_type=6, **more):
    site = 'https://contoso-my.sharepoint.example/personal/ann_contoso_example/'
    return base(record_type, workload, operation, name, {
        'UserKey': 'i:0h.f|membership|1003bffd98415b4e@live.com', 'ClientIP': '192.0.2.6',
        'ObjectId': site + path, 'EventSource': 'SharePoint', 'ItemType': 'File', 'SiteUrl': site,
        'SourceFileName': path.rsplit('/', maxsplit=1)[-1], 'SourceFileExtension': path[-3:],
        'SourceRelativeUrl': 'Documents', 'UserAgent': AGENT, **more})


def teams(operation, name, member, role=1, team='Plans', time='2026-05-31T23:40:00', **more):
    return base(25, 'MicrosoftTeams', operation, name, {
        'CreationTime': time, 'UserKey': guid(name), 'TeamName': team, 'TeamGuid': guid(team),
        'CommunicationType': 'Team', 'AADGroupId': guid(team + ' group'), 'ItemName': team,
        'Members': [{'DisplayName': member, 'Role': role, 'UPN': member}], **more})


def defender(operation, name, workload='Microsoft365Defender', **more):
    return base(243, workload, operation, name,
                {'UserKey': guid(name), 'ClientIP': '192.0.2.24', **more})


def keys(*names):
    """The log has arrays with line feeds."""
    texts = [f'[KeyIdentifier={guid(name)},KeyType={kind},KeyUsage=Verify,DisplayName={name}]'
             for name, kind in names]
    return json.dumps(texts, indent=2).replace('\n', '\r\n')


def role(name, known):
    return [('Role.ObjectID', guid(name), ''), ('Role.DisplayName', name, ''),
            ('Role.TemplateId', guid(known), ''), ('Role.WellKnownObjectName', known, '')]


def grant(permission, name):
    return [('AppRole.Id', guid(permission), ''), ('AppRole.Value', permission, ''),
            ('AppRole.DisplayName', 'Access', ''), ('AppRoleAssignment.CreatedDateTime', '', ''),
            ('AppRoleAssignment.LastModifiedDateTime', '', ''),
            ('ServicePrincipal.ObjectID', guid(name), ''),
            ('ServicePrincipal.DisplayName', name, '')]


def phone(number):
    method = [{'PhoneNumber': number, 'AlternativePhoneNumber': None, 'Email': None}]
    return [('StrongAuthenticationMethod', '[]', ''),
            ('StrongAuthenticationUserDetails', json.dumps(method, indent=2), '[]')]


def reply(address):
    text = json.dumps([{'AddressType': 0, 'Address': address, 'ReplyAddressClientType': 1}])
    return [('AppAddress', text, '[]')]


AUDIT = 'azsent:Detections/AuditLogs/'
ABUSE = 'reprise99:Azure AD Abuse Detection/README.md#'
ENTRA = 'reprise99:Azure Active Directory/'
OFFICE = 'reprise99:Office 365/OfficeActivity-'
SYNC = principal('Sync Robot')
REGISTRATION = principal('Azure Credential Configuration Endpoint Service')

# The rule, what it finds, what it passes over, and a text of each that its answer shows.
CASES = [
    (AUDIT + 'MailPermissionsAddedToApplication.yaml#1',
     [directory('Add delegated permission grant', principal('Graph of mail'),
                [('DelegatedPermissionGrant.Scope', ' User.Read Mail.ReadWrite', ' User.Read')])],
     [directory('Add delegated permission grant', principal('Graph of users'),
                [('DelegatedPermissionGrant.Scope', ' User.Read', '')])],
     'Graph of mail', 'Graph of users'),
    (AUDIT + 'NewAppOrServicePrincipalCredential.yaml#1',
     [directory('Update application – Certificates and secrets management ',
                thing('Application', 'Payroll'),
                [('KeyDescription', keys(('old', 'AsymmetricX509Cert'), ('new', 'Password')),
                  keys(('old', 'AsymmetricX509Cert')))], 'Application')],
     [directory('Update application – Certificates and secrets management ',
                thing('Application', 'Canteen'),
                [('KeyDescription', keys(('first', 'Password')), '[]')], 'Application')],
     'DisplayName=new', 'Canteen'),
    (AUDIT + 'UseraddedtoPrivilgedGroups.yaml#1',
     [directory('Add member to role', user('eve@contoso.example'),
                role('Global Administrator', 'TenantAdmins'), 'Role', actor=SYNC)],
     [directory('Add member to role', user('bob@contoso.example'),
                role('Reports Reader', 'ReportsReaders'), 'Role', actor=SYNC)],
     'TenantAdmins', 'ReportsReaders'),
    (AUDIT + 'ADFSDomainTrustMods.yaml#1',
     [directory('Set domain authentication', thing('Domain', 'evil.example'),
                [('IssuerUri', '["http://evil.example/adfs"]', '[]'),
                 ('LiveType', '["Federated"]', '["Managed"]')], 'Domain')],
     [directory('Set domain authentication', thing('Domain', 'good.example'),
                [('LiveType', '["Managed"]', '["Managed"]')], 'Domain')],
     'Federated', 'good.example'),
    ('bertjan:Azure Active Directory/ConditionalAccess - DeletePolicy.md#1',
     [directory('Delete conditional access policy', thing('Policy', 'Require MFA'), (), 'Policy')],
     [directory('Delete policy', thing('Policy', 'Old names'), (), 'Policy')],
     'Require MFA', 'Old names'),
    ('bertjan:Azure Active Directory/TotalAllGraphPermissionsAdded.md#1',
     [directory('Add app role assignment to service principal', principal('Microsoft Graph'),
                grant('Directory.ReadWrite.All', 'Broad'))],
     [directory('Add app role assignment to service principal', principal('Office 365 Exchange'),
                grant('Mailbox.Import.All', 'Narrow'))],
     'Directory.ReadWrite.All', 'Mailbox.Import.All'),
    (ABUSE + '12',
     [directory('Add service principal', principal('Made by robot'), actor=SYNC)],
     [directory('Add service principal', principal('Made by hand'))],
     'Made by robot', 'Made by hand'),
    (ABUSE + '15',
     [directory('Add owner to application', user('owner1@contoso.example'),
                [('Application.ObjectID', guid('Payroll'), ''),
                 ('Application.DisplayName', 'Payroll owned', '')], 'Application', actor=SYNC)],
     [directory('Add owner to application', user('owner2@contoso.example'),
                [('Application.ObjectID', guid('Canteen'), ''),
                 ('Application.DisplayName', 'Canteen owned', '')], 'Application')],
     'Payroll owned', 'Canteen owned'),
    (ABUSE + '2',
     [directory('Reset user password', user('victim@contoso.example'), (), 'User',
                agent=POWERSHELL)],
     [directory('Reset user password', user('forgetful@contoso.example'), (), 'User')],
     'victim@contoso.example', 'forgetful@contoso.example'),
    (ABUSE + '21',
     [directory('Add member to role', user('eve2@contoso.example'),
                role('Company Administrator', 'TenantAdmins'), 'Role')],
     [directory('Add member to role', user('pim@contoso.example'),
                role('Company Administrator', 'TenantAdmins'), 'Role',
                actor=principal('MS-PIM'))],
     'eve2@contoso.example', 'pim@contoso.example'),
    (ABUSE + '27',
     [directory('Add owner to group', user('owner3@contoso.example'),
                [('Group.ObjectID', guid('PrivilegedGroup1'), ''),
                 ('Group.DisplayName', 'PrivilegedGroup1', '')], 'Group', actor=SYNC)],
     [directory('Add owner to group', user('owner4@contoso.example'),
                [('Group.ObjectID', guid('Choir'), ''), ('Group.DisplayName', 'Choir', '')],
                'Group', actor=SYNC)],
     'owner3@contoso.example', 'owner4@contoso.example'),
    (ENTRA + 'Audit-MultipleUsersSameMFANumber.kql#1',
     [directory('Update user', user(f'shared{i}@contoso.example'), phone('+49 170 1'), 'User',
                actor=REGISTRATION) for i in range(2)],
     [directory('Update user', user('alone@contoso.example'), phone('+49 170 2'), 'User',
                actor=REGISTRATION)],
     'shared1@contoso.example', 'alone@contoso.example'),
    (ENTRA + 'Audit-RedirectURIChanged.kql#1',
     [directory('Update service principal', principal('Portal'), reply('https://evil.example'))],
     [directory('Update service principal', principal('Intranet'),
                [('DisplayName', '["Intranet"]', '["Old"]')])],
     'https://evil.example', 'Intranet'),
    (ENTRA + 'Audit-NewDomainAdded.kql#1',
     [directory('Add unverified domain', thing('Domain', 'new-domain.example'), (), 'Domain')],
     [directory('Verify domain', thing('Domain', 'known-domain.example'), (), 'Domain')],
     'new-domain.example', 'known-domain.example'),
    (ENTRA + 'Audit-NewTenantCreated.kql#1',
     [directory('Create Company', thing('Company', 'Second', 'Directory'), (), 'Company')],
     [directory('Create Company', thing('Company', 'Other', 'Other'), (), 'Company')],
     guid('Second'), guid('Other')),
    (ENTRA + 'Identity-RoleAddedtoServicePrincipal.kql#1',
     [directory('Add member to role', principal('Backup Robot'),
                role('Exchange Administrator', 'ExchangeServiceAdmins'), 'Role')],
     [directory('Add member to role', user('carol@contoso.example'),
                role('Guest Inviter', 'GuestInviters'), 'Role')],
     'Backup Robot', 'Guest Inviter'),
    (ENTRA + 'OAuth-ApplicationPermissionsGrant.kql#1',
     [directory('Add app role assignment to service principal', principal('Microsoft Graph'),
                grant('User.Read.All', 'Reader'))],
     [directory('Remove app role assignment from service principal',
                principal('Microsoft Graph'), grant('User.Invite.All', 'Inviter'))],
     guid('Reader'), guid('Inviter')),
    (ABUSE + '1',
     [sign_in('shell@contoso.example', agent=POWERSHELL)],
     [sign_in('browser@contoso.example')],
     'shell@contoso.example', 'browser@contoso.example'),
    ('bertjan:Azure Active Directory/PotentialAiTMPhishing.md#2',
     [sign_in('phished@contoso.example', '4765445b-32c6-49b0-83e6-1d93765276ca')],
     [sign_in('managed@contoso.example', '4765445b-32c6-49b0-83e6-1d93765276ca',
              device=[('Id', guid('laptop')), ('TrustType', '1')])],
     'phished@contoso.example', 'managed@contoso.example'),
    (ABUSE + '1',
     [sign_in('module@contoso.example', '1950a258-227b-4e31-a9cf-717495945fc2')],
     [sign_in('graph@contoso.example')],
     'Microsoft Azure PowerShell', 'graph@contoso.example'),
    ('bertjan:Azure Active Directory/SignInsByBrowser.md#1',
     [sign_in('fox@contoso.example', agent='Mozilla/5.0 (X11; Linux x86_64; rv:109.0) '
              'Gecko/20100101 Firefox/115.0')],
     [sign_in('old@contoso.example', error='50126', agent='Mozilla/5.0 (X11; Linux x86_64; '
              'rv:78.0) Gecko/20100101 Firefox/78.0')],
     'Firefox 115.0', 'Firefox 78.0'),
    ('azsent:Detections/OfficeActivity/Malicious_Inbox_Rule.yaml#1',
     [exchange('New-InboxRule', 'hidden@contoso.example',
               [('SubjectContainsWords', 'phishing;helpdesk'), ('MoveToFolder', 'Deleted Items')],
               'hidden\\rule')],
     [exchange('New-InboxRule', 'tidy@contoso.example',
               [('SubjectContainsWords', 'newsletter'), ('MoveToFolder', 'Deleted Items')],
               'tidy\\rule')],
     'hidden@contoso.example', 'tidy@contoso.example'),
    ('reprise99:Defender for Cloud Apps/DCA-SuspiciousMailboxRuleCreated.kql#2',
     [exchange('New-InboxRule', 'dots@contoso.example', [('Name', '...')], 'dots\\...')],
     [exchange('New-InboxRule', 'named@contoso.example', [('Name', 'Bills')], 'named\\Bills')],
     'dots@contoso.example', 'named@contoso.example'),
    ('m365dhq:Privilege escalation/Add uncommon credential type to application [Nobelium].md#1',
     [directory('Add service principal credentials', principal('Two keys'),
                [('KeyDescription', keys(('c', 'AsymmetricX509Cert'), ('p', 'Password')),
                  keys(('c', 'AsymmetricX509Cert')))])],
     [directory('Add service principal credentials', principal('One kind'),
                [('KeyDescription', keys(('c', 'Password'), ('p', 'Password')),
                  keys(('c', 'Password')))])],
     'Two keys', 'One kind'),
    ('bertjan:Defender XDR/CustomDetectionDisabled.md#2',
     [defender('ChangeCustomDetectionRuleStatus', 'eve@contoso.example', IsEnabled='false',
               RuleName='Golden tickets', Query='DeviceEvents')],
     [defender('ChangeCustomDetectionRuleStatus', 'ann@contoso.example', IsEnabled='true',
               RuleName='Silver tickets', Query='DeviceEvents')],
     'Golden tickets', 'Silver tickets'),
    ('bertjan:Defender XDR/ManualAntivirusScans.md#1',
     [defender('RunAntiVirusScan', 'ann@contoso.example', DeviceName='pc-scanned',
               ActionComment='looks odd', ActionScope='Full')],
     [defender('IsolateDevice', 'ann@contoso.example', DeviceName='pc-isolated',
               ActionComment='is odd', ActionScope='Full')],
     'pc-scanned', 'pc-isolated'),
    ('reprise99:Defender for Cloud Apps/DCA-FormPhishingStatusChanged.kql#2',
     [defender('UpdatePhishingStatus', 'forms@contoso.example', 'MicrosoftForms', FormId='f1',
               FormName='Win a prize',
               ActivityParameters='{"FormPhishingStatus":"Auto Blocked"}')],
     [defender('UpdatePhishingStatus', 'forms@contoso.example', 'MicrosoftForms', FormId='f2',
               FormName='Lunch', ActivityParameters='{"FormPhishingStatus":"Unblocked"}')],
     'Win a prize', 'Lunch'),
    ('azsent:Hunting Queries/OfficeActivity/Teams/ExternalUserAddedRemoved.yaml#1',
     [teams('MemberAdded', 'ann@contoso.example', 'in_x.example#EXT#@contoso.example'),
      teams('MemberRemoved', 'ann@contoso.example', 'in_x.example#EXT#@contoso.example',
            time='2026-05-31T23:50:00')],
     [teams('MemberAdded', 'ann@contoso.example', 'stays_x.example#EXT#@contoso.example')],
     'in_x.example#EXT#', 'stays_x.example#EXT#'),
    (OFFICE + 'DetectUsermadeOwneronmultipleTeams.kql#1',
     [teams('MemberRoleChanged', 'ann@contoso.example', 'many@contoso.example', 2, f'Team {i}')
      for i in range(3)],
     [teams('MemberRoleChanged', 'ann@contoso.example', 'few@contoso.example', 2, 'Team 1')],
     'many@contoso.example', 'few@contoso.example'),
    (OFFICE + 'FilesSharedtoGuestsfromOnedrive.kql#1',
     [file('AddedToSecureLink', 'ann@contoso.example', 'Documents/plan.pdf', record_type=14,
           TargetUserOrGroupName='guest_x.example#EXT#@contoso.example',
           TargetUserOrGroupType='Guest')],
     [file('AddedToSecureLink', 'ann@contoso.example', 'Documents/menu.pdf', record_type=14,
           TargetUserOrGroupName='bob@contoso.example', TargetUserOrGroupType='Member')],
     'plan.pdf', 'menu.pdf'),
]


# ---- asking ----

def daybook(*args, **more):
    return subprocess.run([DAYBOOK, *args], check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, timeout=600, **more).stdout


def ask(directory_path, rules):
    path = os.path.join(directory_path, 'rules.jsonl')
    with open(path, 'w', encoding='utf-8') as out:
        for number, case in enumerate(CASES):
            out.write(json.dumps({'id': number, 'query': rules[case[0]]}) + '\n')
    out = daybook('query', '--batch', path, '--data', os.path.join(directory_path, 'data'),
                  '--tenant', 'contoso', '--now', NOW)
    return [json.loads(line) for line in out.splitlines()]


def check(case, answer):
    """What is wrong; nothing if all is right."""
    text = json.dumps(answer.get('rows'), ensure_ascii=False)
    if 'error' in answer:
        return answer['error']
    if case[3] not in text:
        return f'does not find its record: {text[:300]}'
    return f'finds the harmless record, too: {text[:300]}' if case[4] in text else None


def main():
    path = os.path.join(SHARED, 'corpus.dev.jsonl')
    if not os.path.exists(path):
        print(f'SKIPPED ({len(CASES)} cases): no kql/corpus.dev.jsonl in DAYBOOK_SHARED')
        print(f'0 passed, 0 failed, {len(CASES)} skipped')
        return 0
    with open(path, encoding='utf-8') as lines:
        rules = {rule['id']: rule['query'] for rule in map(json.loads, lines)}
    records = '\n'.join(json.dumps(record, ensure_ascii=False)
                        for case in CASES for record in [*case[1], *case[2]])
    with tempfile.TemporaryDirectory() as place:
        data = os.path.join(place, 'data')
        daybook('init', '--data', data)
        daybook('tenant', 'add', 'contoso', '--data', data)
        daybook('ingest', '--data', data, '--tenant', 'contoso', '--quiet', '-', input=records)
        answers = ask(place, rules)
    wrong = [f'{case[0]}: {found}' for case, answer in zip(CASES, answers)
             if (found := check(case, answer))]
    for text in wrong:
        print(text)
    print(f'{len(CASES) - len(wrong)} passed, {len(wrong)} failed')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
