# SPDX-License-Identifier: Apache-2.0
"""duckdb - DuckDB as a library (of the npm package), typed columns and the raw text."""
import ctypes
import os
import time

import draw
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
        return draw.Draw(self.column, self.records, draw.seed()).variants()

    def close(self):
        self.lib.duckdb_disconnect(ctypes.byref(self.connection))
        self.lib.duckdb_close(ctypes.byref(self.database))


def engine(options, _):
    return DuckDB(options)
