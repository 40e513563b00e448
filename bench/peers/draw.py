# SPDX-License-Identifier: Apache-2.0
"""draw - what stands in the places of the questions: ten variants of constants and columns.

All of it follows from the records and from DAYBOOK_BENCH_SEED (1 where it is not set), and is
the same for all engines.  A constant is a value that is in the records.  A column is drawn
among those that all peers have as one, and that have as many values as the question is about.
"""
import os
import random

VARIANTS = 10
MAIL = "Operation = 'MailItemsAccessed'"
# What was deleted or moved is named in other records, too: `* has` finds those as well.
ELSEWHERE = ("SELECT unnest(regexp_extract_all(Raw, '\"InternetMessageId\":\"([^\"]+)\"', 1)) "
             f'FROM ev WHERE NOT {MAIL}')

# Columns by how many values they have; FEW and ALWAYS: every record has one.
FEW = ('Operation', 'OrganizationId', 'RecordType', 'UserType', 'Workload')
FEW_AT_TIMES = ('ClientInfoString', 'ResultStatus', 'UserAgent')
APPLICATIONS = ('AppId', 'ApplicationId', 'ClientAppId')
USERS = ('UserId', 'UserKey')
MAILBOXES = ('MailboxGuid', 'MailboxOwnerUPN')
MANY = ('ClientIP', 'SessionId', 'SiteUrl', 'SourceFileName')
UNIQUE = ('CorrelationId', 'Id', 'ObjectId')
COLUMNS = (*FEW, *FEW_AT_TIMES, *APPLICATIONS, *USERS, *MAILBOXES, *MANY, *UNIQUE)

ENTITIES = ('AppId', 'ClientIP', 'MailboxOwnerUPN', 'SessionId', 'UserId')  # Q2 and Q3
RINGS = {  # of Q9, and how many failures in a row there are of one
    'ClientIP': (5, 14), 'OrganizationId': (5, 14), 'UserId': (1, 3), 'UserKey': (1, 3)}
FILE_OPERATIONS = ('FileAccessed', 'FileDownloaded', 'FileModified', 'FilePreviewed',
                   'FileSyncDownloadedFull', 'FileUploaded', 'PageViewed')
REGEXES = {
    'UserAgent': ('Chrome/12[34]', 'Firefox/1[0-9]+', '(iPhone|Pixel 8)[;)]',
                  'Windows NT 10[.]0.*Edg/'),
    'ObjectId': ('/sites/[a-m][a-z]*/Shared', '[.]sharepoint[.].*(xlsx|pptx)$',
                 '(Finance|Personnel)/[a-f]', 'SitePages/[A-Z][a-z]+[.]aspx$'),
    'SourceFileName': ('[a-f]+ [a-z]+ 20[0-9]+', '[.](docx|msg)$', '^[aeiou].*[.]pdf$',
                       '[0-9]+[.][a-z]*x$'),
    'UserId': ('^[a-c].*[0-9]{3}@', '[13579]@.*-[0-9]+', '^[a-z]+[.][m-z]',
               '(ez|ov|is)[0-9]+@'),
    'ClientInfoString': ('Outlook-(iOS|Android)', 'Client=(REST|OWA)', 'MSExchange|Mac/1[0-9]',
                         '=O.*;[A-Z]')}
LISTS = (  # of objects in records of signing in: the list, its length, a field of its elements
    ('DeviceProperties', 4, 'Value'), ('ExtendedProperties', 3, 'Value'), ('Actor', 2, 'ID'))
WORDS = '''SELECT w FROM (SELECT w, count(*) c FROM (SELECT unnest(list_distinct(
  regexp_split_to_array(lower(concat(SourceFileName, ' ', ObjectId)), '[^a-z0-9]+'))) w FROM ev)
  WHERE length(w) > 4 AND regexp_full_match(w, '[a-z]+') GROUP BY w
  HAVING c BETWEEN {low} AND {high})'''


def seed():
    return int(os.environ.get('DAYBOOK_BENCH_SEED', '1'))


def pairs(lefts, rights):
    return [(left, right) for left in lefts for right in rights if left != right]


def held(column, value):
    """Q3: where a value is, for Daybook, for SQL, for VictoriaLogs and for ripgrep.  The address
    of a client is in two fields, of which the peers with columns have one."""
    fields = (column, 'ClientIPAddress') if column == 'ClientIP' else (column,)
    return {'held_kql': ' or '.join(f'{field} == "{value}"' for field in fields),
            'held_sql': f"{column} = '{value}'",
            'held_logsql': ' or '.join(f'{field}:="{value}"' for field in fields),
            'held_plain': f'"{value}"' if column == 'ClientIP' else f'"{column}":"{value}"'}


class Draw:
    def __init__(self, column, records, chosen):
        """`column` asks for SQL's first column, of a table as DuckDB has it."""
        self.column, self.scale, self.seed = column, records / 1000000, chosen

    def drawn(self, name, pool):
        """Ten of the pool, each as often as another."""
        dice, found = random.Random(f'{self.seed} {name}'), []
        while len(found) < VARIANTS:
            found += dice.sample(pool, len(pool))
        return found[:VARIANTS]

    def number(self, name, low, high):
        return random.Random(f'{self.seed} {name}').randint(low, high)

    def among(self, text, count, salt=''):
        """`count` of the values that the text selects."""
        values = self.column(f"SELECT v FROM ({text}) t(v) ORDER BY hash('{self.seed} {salt} ' || "
                             f'v), v LIMIT {count}')
        if not values:
            raise RuntimeError(f'no records for {text}')
        return [values[i % len(values)] for i in range(count)]

    def value(self, column, i, where, order, first):
        """A value of the column, of the first in this order another for each variant."""
        return self.among(f"SELECT {column} FROM ev WHERE {column} <> '' AND {where} GROUP BY 1 "
                          f'ORDER BY {order}, 1 LIMIT {first}', 1, i)[0]

    def near(self, column, i, where, wanted):
        """A value that about so many records of a million have."""
        return self.value(column, i, where, f'abs(count(*) - {wanted * self.scale})', 30)

    def word(self, low, high):
        return self.among(WORDS.format(low=int(low * self.scale), high=int(high * self.scale)),
                          VARIANTS)

    def constants(self):
        """Of all variants: name -> ten values."""
        return {
            'message': self.among('SELECT m FROM (SELECT unnest(MessageIds) m FROM ev) '
                                  f'WHERE m NOT IN ({ELSEWHERE}) '
                                  'GROUP BY m HAVING count(*) = 1', VARIANTS),
            'operation': ['MailItemsAccessed', *self.among(
                f'SELECT Operation FROM ev WHERE NOT {MAIL} GROUP BY 1 '
                'ORDER BY count(*) DESC, 1 LIMIT 20', VARIANTS - 1)],
            'rare': self.word(30, 90),
            'common': self.word(2500, 12000),
            'middle': self.among(
                'SELECT d::DATE::VARCHAR FROM (SELECT unnest(generate_series('
                "min(CreationTime)::DATE + INTERVAL 15 DAY, max(CreationTime)::DATE - "
                'INTERVAL 8 DAY, INTERVAL 1 DAY)) d FROM ev)', VARIANTS),
            'file_operation': self.drawn('file_operation', FILE_OPERATIONS),
            'minutes': [self.number(f'minutes {i}', 5, 12) for i in range(VARIANTS)],
        }

    def columns(self):
        """Of all variants: name or names -> ten columns, or as many together."""
        others = (*FEW_AT_TIMES, *APPLICATIONS, *USERS, *MAILBOXES, *MANY)
        fews, many = self.drawn('few', FEW), self.drawn('many', others)
        return {
            'entity': self.drawn('entity', ENTITIES),
            'held': self.drawn('held', ENTITIES),
            'column': [(fews, many)[i % 2][i // 2] for i in range(VARIANTS)],
            'owner used': self.drawn('used', pairs(
                (*MAILBOXES, *USERS), ('AppId', 'ClientAppId', 'ClientIP', 'ClientInfoString'))),
            'counted grouped': self.drawn('counted', [  # a mailbox has one user
                *pairs(USERS, (*FEW, 'AppId', 'ClientIP', 'SiteUrl')),
                *pairs(('ClientIP', 'Operation'),
                       (*FEW, *USERS, 'AppId', 'ClientIP', 'MailboxOwnerUPN', 'SiteUrl'))]),
            'ring': self.drawn('ring', tuple(RINGS)),
            'rare_column': self.drawn('rare_column', ('AppId', 'ClientAppId', 'ClientIP')),
            'common_column': self.drawn('common_column',
                                        ('AppId', 'ClientAppId', 'ClientInfoString')),
            'mailbox': self.drawn('mailbox', (*MAILBOXES, 'UserId')),
            'left right': self.drawn('joined', pairs(('OrganizationId', 'UserId'),
                                                     ('ClientIP', 'UserId'))),
            'series': self.drawn('series', (*FEW, *FEW_AT_TIMES, 'AppId', 'ApplicationId')),
            'text_column regex': self.drawn('regex', [
                (column, regex) for column, regexes in REGEXES.items() for regex in regexes]),
            'signing list element part': self.drawn('list', [
                (signing, name, element, part) for signing in ('UserLoggedIn', 'UserLoginFailed')
                for name, length, part in LISTS for element in range(length)]),
            'unique': self.drawn('unique', (
                *UNIQUE, 'ClientIP', 'SessionId', 'SourceFileName', 'UserId, ClientIP',
                'SessionId, Operation', 'AppId, UserId', 'ClientIP, Workload')),
        }

    def complete(self, variant, i):
        """With what follows from the columns and constants that were drawn."""
        day = variant['middle']
        variant['from'] = self.column(f"SELECT (DATE '{day}' - 14)::VARCHAR")[0]
        variant['to'] = self.column(f"SELECT (DATE '{day}' + 7)::VARCHAR")[0]
        variant['entity_value'] = self.value(
            variant['entity'], i, f"CreationTime >= '{variant['from']}' AND CreationTime <= "
            f"'{variant['to']}'", 'count(*) DESC', 200)
        variant.update(held(variant['held'], self.near(variant['held'], i, 'true', 350)))
        variant['failures'] = self.number(f'failures {i}', *RINGS[variant['ring']])
        variant['rare_value'] = self.near(variant['rare_column'], i, MAIL, 1200)
        variant['common_value'] = self.value(variant['common_column'], i, MAIL, 'count(*) DESC',
                                             10)
        return variant

    def variants(self):
        drawn = {**self.constants(), **self.columns()}
        found = []
        for i in range(VARIANTS):
            variant = {}
            for names, values in drawn.items():
                one = values[i] if ' ' in names else (values[i],)
                variant.update(zip(names.split(), one))
            found.append(self.complete(variant, i))
        return found
