# SPDX-License-Identifier: Apache-2.0
"""duckdb - DuckDB as a library (of the npm package), typed columns and the raw text."""
import ctypes
import os
import time

import engine as base
import questions

LIBRARY = 'node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so'
TEXT = ('CreationTime Id Operation OrganizationId ResultStatus UserKey Workload ObjectId UserId '
        'ClientIP ClientIPAddress AppId ClientAppId ClientInfoString MailboxGuid MailboxOwnerUPN '
        'SessionId SiteUrl SourceFileName UserAgent ErrorNumber ApplicationId '
        'CorrelationId').split()
NUMBERS = {'RecordType': 'USMALLINT', 'UserType': 'UTINYINT', 'LogonType': 'UTINYINT',
           'OperationCount': 'USMALLINT'}
NESTED = ('"OperationProperties":[{"Name":"VARCHAR","Value":"VARCHAR"}],'
          '"Folders":[{"FolderItems":[{"InternetMessageId":"VARCHAR"}]}]')
COLUMNS = [name for name in TEXT if name not in ('CreationTime', 'Id', 'ClientIPAddress',
                                                 'ClientIP')] + list(NUMBERS)
WORDS = '''SELECT w FROM (SELECT w, count(*) c FROM (SELECT unnest(list_distinct(
  regexp_split_to_array(lower(concat(SourceFileName, ' ', ObjectId)), '[^a-z0-9]+'))) w FROM ev)
  WHERE length(w) > 4 AND regexp_full_match(w, '[a-z]+') GROUP BY w
  HAVING c BETWEEN {low} AND {high}) ORDER BY hash(w) LIMIT {count}'''
VARIANTS = 10


class Result(ctypes.Structure):
    _fields_ = [('a', ctypes.c_uint64), ('b', ctypes.c_uint64), ('c', ctypes.c_uint64),
                ('columns', ctypes.c_void_p), ('error', ctypes.c_char_p),
                ('internal', ctypes.c_void_p)]


class DuckDB(base.Engine):
    name = 'duckdb'

    def __init__(self, options):
        super().__init__(options)
        lib = ctypes.CDLL(os.path.join(os.environ['DAYBOOK_PEERS'], LIBRARY))
        pointer, number, result = ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(Result)
        for name, kind, kinds in (
                ('query', ctypes.c_int, [pointer, ctypes.c_char_p, result]),
                ('row_count', number, [result]), ('column_count', number, [result]),
                ('column_name', ctypes.c_char_p, [result, number]),
                ('value_varchar', pointer, [result, number, number]),
                ('result_error', ctypes.c_char_p, [result]), ('free', None, [pointer]),
                ('destroy_result', None, [result])):
            call = getattr(lib, 'duckdb_' + name)
            call.restype, call.argtypes = kind, kinds
        self.lib, self.database, self.connection = lib, pointer(), pointer()
        path = os.path.join(self.directory, 'db').encode()
        if lib.duckdb_open(path, ctypes.byref(self.database)) or \
                lib.duckdb_connect(self.database, ctypes.byref(self.connection)):
            raise RuntimeError('cannot open the database')
        self.run(f'SET threads = {self.threads}')
        self.run("SET memory_limit = '8GB'")
        self.run('SET preserve_insertion_order = false')

    def run(self, text, wants_rows=False):
        result = Result()
        begin = time.monotonic()
        failed = self.lib.duckdb_query(self.connection, text.encode(), ctypes.byref(result))
        seconds = time.monotonic() - begin
        try:
            if failed:
                raise RuntimeError(self.lib.duckdb_result_error(ctypes.byref(result)).decode())
            if not wants_rows:
                return seconds
            columns = self.lib.duckdb_column_count(ctypes.byref(result))
            names = [self.lib.duckdb_column_name(ctypes.byref(result), i).decode()
                     for i in range(columns)]
            rows = [[self.cell(result, i, row) for i in range(columns)]
                    for row in range(self.lib.duckdb_row_count(ctypes.byref(result)))]
            return names, rows
        finally:
            self.lib.duckdb_destroy_result(ctypes.byref(result))

    def cell(self, result, column, row):
        text = self.lib.duckdb_value_varchar(ctypes.byref(result), column, row)
        if not text:
            return None
        value = ctypes.string_at(text).decode()
        self.lib.duckdb_free(text)
        return value

    def ingest(self):
        shape = ','.join([f'"{name}":"VARCHAR"' for name in TEXT] +
                         [f'"{name}":"{kind}"' for name, kind in NUMBERS.items()] + [NESTED])
        fields = ', '.join(f"coalesce(j.{name}, '') {name}" if name in TEXT else
                           f'coalesce(j.{name}, 0) {name}' for name in COLUMNS)
        self.run(f'''CREATE TABLE ev AS SELECT CAST(j.CreationTime AS TIMESTAMP) CreationTime,
            CAST(j.Id AS UUID) Id, coalesce(j.ClientIP, j.ClientIPAddress, '') ClientIP, {fields},
            coalesce(j.OperationProperties[1].Value, '') MailAccessType,
            flatten(list_transform(j.Folders, f -> list_transform(f.FolderItems,
                i -> i.InternetMessageId))) MessageIds, Raw
            FROM (SELECT from_json(json, '{{{shape}}}') j, json::VARCHAR Raw
                  FROM read_ndjson_objects('{self.data}'))''')
        self.run('CHECKPOINT')
        return {}

    def ask(self, text):
        return self.run(text), None

    def answer(self, text):
        return self.run(text, True)

    @staticmethod
    def as_records(names, rows):
        return questions.records(rows, names)

    def column(self, text):
        return [row[0] for row in self.run(text, True)[1]]

    def draw(self):
        """Ten variants: constants that are in the records, in an order given by their hash."""
        scale = self.records / 1000000
        mail = "Operation = 'MailItemsAccessed'"
        first, last = self.run('SELECT min(CreationTime)::DATE, max(CreationTime)::DATE FROM ev',
                               True)[1][0]
        days = self.column("SELECT d::DATE FROM generate_series(TIMESTAMP "
                           f"'{first}' + INTERVAL 15 DAY, TIMESTAMP '{last}' - INTERVAL 8 DAY, "
                           'INTERVAL 1 DAY) t(d) ORDER BY hash(d)')
        draws = {
            'message': 'SELECT m FROM (SELECT m, count(*) c FROM (SELECT unnest(MessageIds) m '
                       'FROM ev) GROUP BY m HAVING c = 1) ORDER BY hash(m) LIMIT 10',
            'user': 'SELECT UserId FROM (SELECT UserId, count(*) c FROM ev GROUP BY 1 ORDER BY c '
                    'DESC LIMIT 200) ORDER BY hash(UserId) LIMIT 10',
            'address': 'SELECT ClientIP FROM (SELECT ClientIP, count(*) c FROM ev GROUP BY 1 '
                       'HAVING '
                       f'c BETWEEN {250 * scale} AND {450 * scale}) ORDER BY hash(ClientIP) LIMIT '
                       f'10',
            'operation': 'SELECT Operation FROM (SELECT Operation, count(*) c FROM ev GROUP BY 1 '
                         'ORDER BY c DESC LIMIT 10) ORDER BY Operation <> \'MailItemsAccessed\'',
            'rare': WORDS.format(low=int(30 * scale), high=int(90 * scale), count=10),
            'common': WORDS.format(low=int(2500 * scale), high=int(12000 * scale), count=10),
            'rare_app': f'SELECT AppId FROM (SELECT AppId, count(*) c FROM ev WHERE {mail} GROUP '
                        f'BY '
                        f'1 HAVING c BETWEEN {500 * scale} AND {3000 * scale}) ORDER BY '
                        f'hash(AppId) '
                        'LIMIT 10',
            'common_app': f'SELECT AppId FROM ev WHERE {mail} GROUP BY 1 ORDER BY count(*) DESC '
                          'LIMIT 10',
        }
        values = {name: self.column(text) for name, text in draws.items()}
        values['column'] = ['Operation', 'Workload', 'RecordType', 'UserId', 'ClientIP',
                            'MailboxOwnerUPN', 'AppId', 'UserKey', 'SiteUrl', 'OrganizationId']
        values['counted'] = ['ClientIP', 'UserId', 'ClientIP', 'Operation', 'UserId', 'ClientIP',
                             'UserId', 'ClientIP', 'Operation', 'UserId']
        grouped = ['UserId', 'ClientIP', 'MailboxOwnerUPN', 'UserId', 'OrganizationId', 'AppId',
                   'AppId', 'Workload', 'ClientIP', 'Operation']
        values['failures'] = [10, 8, 9, 11, 12, 13, 14, 7, 6, 5]
        values['minutes'] = [10, 12, 9, 11, 8, 10, 12, 7, 6, 5]
        values['file_operation'] = ['FileDownloaded', 'FileAccessed', 'FileModified',
                                    'FileUploaded', 'PageViewed'] * 2
        values['series'] = ['Workload', 'Operation', 'RecordType', 'OrganizationId', 'AppId'] * 2
        values['text_column'] = ['UserAgent', 'ObjectId', 'SourceFileName', 'UserId',
                                 'ClientInfoString'] * 2
        values['regex'] = ['Chrome/12[34]', '/sites/[a-m][a-z]*/Shared', '[a-f]+ [a-z]+ 20[0-9]+',
                           '^[a-c].*[0-9]{3}@', 'Outlook-(iOS|Android)', 'Firefox/1[0-9]+',
                           '[.]sharepoint[.].*(xlsx|pptx)$', '[.](docx|msg)$', '[13579]@.*-[0-9]+',
                           'Client=(REST|OWA)']
        values['element'] = [0, 1, 2, 3] * 3
        values['unique'] = ['Id', 'CorrelationId', 'SessionId', 'ObjectId', 'ClientIP'] * 2
        variants = []
        for i in range(VARIANTS):
            variant = {name: found[i % len(found)] for name, found in values.items() if found}
            day = days[i % len(days)]
            variant['middle'] = day
            variant['from'], variant['to'] = self.run(
                f"SELECT (DATE '{day}' - 14)::DATE, (DATE '{day}' + 7)::DATE", True)[1][0]
            variant['grouped'] = grouped[i]
            variants.append(variant)
        return variants

    def close(self):
        self.lib.duckdb_disconnect(ctypes.byref(self.connection))
        self.lib.duckdb_close(ctypes.byref(self.database))


def engine(options, _):
    return DuckDB(options)
