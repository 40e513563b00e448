# SPDX-License-Identifier: Apache-2.0
"""clickhouse - ClickHouse as a library (libchdb of npm), both cores, synced on insert.

Variants: typed columns and the raw text; `text` with a text index over the raw
text on top; `json` with its JSON type alone, whose fields stand for the typed columns
and a record's JSON for its raw text.
"""
import ctypes
import json
import os

import engine as base
import questions

LIBRARY = 'node_modules/@chdb/lib-linux-x64-gnu/libchdb.so'
FIELDS = ('CreationTime String, Id String, Operation String, OrganizationId String, '
          'RecordType UInt16, ResultStatus String, UserKey String, UserType UInt8, '
          'Workload String, ObjectId String, UserId String, ClientIP String, '
          'ClientIPAddress String, AppId String, ClientAppId String, ClientInfoString String, '
          'MailboxGuid String, MailboxOwnerUPN String, LogonType UInt8, SessionId String, '
          'OperationCount UInt16, OperationProperties Array(Tuple(Name String, Value String)), '
          'SiteUrl String, SourceFileName String, UserAgent String, ErrorNumber String, '
          'ApplicationId String, CorrelationId String, '
          'Folders Array(Tuple(FolderItems Array(Tuple(InternetMessageId String))))')
TABLE = '''CREATE TABLE ev (
  CreationTime DateTime CODEC(DoubleDelta, ZSTD(3)), Id UUID, Operation LowCardinality(String),
  OrganizationId LowCardinality(String), RecordType UInt16, ResultStatus LowCardinality(String),
  UserKey String CODEC(ZSTD(3)), UserType UInt8, Workload LowCardinality(String),
  ObjectId String CODEC(ZSTD(3)), UserId LowCardinality(String), ClientIP String CODEC(ZSTD(3)),
  AppId LowCardinality(String), ClientAppId LowCardinality(String),
  ClientInfoString LowCardinality(String), MailboxGuid LowCardinality(String),
  MailboxOwnerUPN LowCardinality(String), LogonType UInt8, SessionId String CODEC(ZSTD(3)),
  OperationCount UInt16, MailAccessType LowCardinality(String), SiteUrl String CODEC(ZSTD(3)),
  SourceFileName String CODEC(ZSTD(3)), UserAgent LowCardinality(String),
  ErrorNumber LowCardinality(String), ApplicationId LowCardinality(String),
  CorrelationId String CODEC(ZSTD(3)), MessageIds Array(String) CODEC(ZSTD(3)),
  Raw String CODEC(ZSTD(3)),
  INDEX i_msg MessageIds TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX i_ip ClientIP TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX i_user UserId TYPE bloom_filter(0.01) GRANULARITY 1%s
) ENGINE = MergeTree PARTITION BY toYYYYMM(CreationTime) ORDER BY (CreationTime, Id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1'''
TEXT_INDEX = """,
  INDEX i_txt(Raw) TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(Raw))"""
INSERT = '''INSERT INTO ev SELECT parseDateTimeBestEffort(t.1), toUUIDOrZero(t.2), t.3, t.4, t.5,
  t.6, t.7, t.8, t.9, t.10, t.11, if(t.12 = '', t.13, t.12), t.14, t.15, t.16, t.17, t.18, t.19,
  t.20, t.21, t.22[1].2, t.23, t.24, t.25, t.26, t.27, t.28,
  arrayFlatten(arrayMap(f -> arrayMap(i -> i.1, f.1), t.29)), line
FROM (SELECT line, JSONExtract(line, 'Tuple(%s)') t FROM file('%s', 'LineAsString'))
SETTINGS max_insert_threads = %d'''
JSON_TEXTS = ('Id', 'Operation', 'OrganizationId', 'ResultStatus', 'UserKey', 'Workload',
              'ObjectId', 'UserId', 'ClientIP', 'AppId', 'ClientAppId', 'ClientInfoString',
              'MailboxGuid', 'MailboxOwnerUPN', 'SessionId', 'SiteUrl', 'SourceFileName',
              'UserAgent', 'ErrorNumber', 'ApplicationId', 'CorrelationId')
JSON_NUMBERS = ('RecordType', 'UserType', 'LogonType', 'OperationCount')
# An alias is put into a question as if it was written there; nothing of it is stored.
JSON_TABLE = '''CREATE TABLE ev (CreationTime DateTime CODEC(DoubleDelta, ZSTD(3)),
  j JSON CODEC(ZSTD(3)), %s,
  MessageIds Array(Nullable(String))
    ALIAS arrayFlatten(j.Folders[].FolderItems[].InternetMessageId.:String),
  Raw String ALIAS toJSONString(j)
) ENGINE = MergeTree PARTITION BY toYYYYMM(CreationTime) ORDER BY CreationTime
SETTINGS fsync_after_insert = 1''' % ', '.join(
    [f'{name} String ALIAS j.{name}::String' for name in JSON_TEXTS] +
    [f'{name} UInt16 ALIAS j.{name}::UInt16' for name in JSON_NUMBERS])
JSON_INSERT = '''INSERT INTO ev (CreationTime, j)
SELECT parseDateTimeBestEffort(j.CreationTime::String), j
FROM (SELECT json j FROM file('%s', 'JSONAsObject'))
SETTINGS max_insert_threads = %d, max_insert_block_size = 262144, max_block_size = 65536'''


class ClickHouse(base.Engine):
    def __init__(self, options, variant):
        super().__init__(options)
        self.variant = variant
        self.name = 'clickhouse' + ('_' + variant if variant else '')
        path = os.path.join(os.environ['DAYBOOK_PEERS'], LIBRARY)
        # Deep binding: the library brings its own allocator and must not meet Python's.
        self.lib = ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
        for function, result, kinds in (
                ('connect', ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]),
                ('query', ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]),
                ('result_buffer', ctypes.c_void_p, [ctypes.c_void_p]),
                ('result_length', ctypes.c_size_t, [ctypes.c_void_p]),
                ('result_error', ctypes.c_char_p, [ctypes.c_void_p]),
                ('result_elapsed', ctypes.c_double, [ctypes.c_void_p]),
                ('destroy_query_result', None, [ctypes.c_void_p]),
                ('close_conn', None, [ctypes.c_void_p])):
            call = getattr(self.lib, 'chdb_' + function)
            call.restype, call.argtypes = result, kinds
        words = [b'clickhouse', f'--path={self.directory}/db'.encode()]
        argv = (ctypes.c_char_p * 3)(*words, None)
        self.connection = self.lib.chdb_connect(2, ctypes.cast(argv, ctypes.c_void_p))
        if not self.connection:
            raise RuntimeError('chdb_connect failed')
        self.handle = ctypes.cast(self.connection, ctypes.POINTER(ctypes.c_void_p))[0]
        self.run(f'SET max_threads = {self.threads}')
        # Repeats are otherwise answered from the cache of conditions.
        self.run('SET use_query_condition_cache = 0')

    def run(self, text, form='TSV'):
        """(bytes of the result, seconds)."""
        result = self.lib.chdb_query(self.handle, text.encode(), form.encode())
        try:
            error = self.lib.chdb_result_error(result)
            if error:
                raise RuntimeError(error.decode('utf-8', 'replace'))
            size = self.lib.chdb_result_length(result)
            data = ctypes.string_at(self.lib.chdb_result_buffer(result), size) if size else b''
            return data, self.lib.chdb_result_elapsed(result)
        finally:
            self.lib.chdb_destroy_query_result(result)

    def ingest(self):
        if self.variant == 'json':
            self.run(JSON_TABLE)
            self.run(JSON_INSERT % (self.data, self.threads))
        else:
            self.run(TABLE % (TEXT_INDEX if self.variant == 'text' else ''))
            self.run(INSERT % (FIELDS, self.data, self.threads))
        return {}

    def size_bytes(self):
        self.run('OPTIMIZE TABLE ev FINAL')
        data, _ = self.run('SELECT sum(bytes_on_disk) FROM system.parts WHERE active')
        return int(data)

    def ask(self, text):
        _, seconds = self.run(text)
        return seconds, None

    def answer(self, text):
        data, _ = self.run(text, 'JSONCompact')
        answer = json.loads(data)
        return [column['name'] for column in answer['meta']], answer['data']

    @staticmethod
    def as_records(names, rows):
        return questions.records(rows, names)

    def close(self):
        self.lib.chdb_close_conn(self.connection)


def engine(options, variant):
    return ClickHouse(options, variant)
