# SPDX-License-Identifier: Apache-2.0
"""sqlite - SQLite with typed columns, the raw text, a table of message ids and FTS5."""
import os
import sqlite3
import time

import engine as base
import questions

NUMBERS = 'RecordType UserType LogonType OperationCount'.split()
COLUMNS = ('Id Operation OrganizationId ResultStatus UserKey Workload ObjectId UserId ClientIP '
           'AppId ClientAppId ClientInfoString MailboxGuid MailboxOwnerUPN SessionId SiteUrl '
           'SourceFileName UserAgent ErrorNumber ApplicationId CorrelationId').split() + NUMBERS
INDEXES = ('CREATE INDEX i1 ON ev(UserId, t); CREATE INDEX i2 ON ev(ClientIP);'
           'CREATE INDEX i3 ON ev(Operation, t, MailboxOwnerUPN, AppId);'
           'CREATE INDEX i4 ON ev(AppId); CREATE INDEX i5 ON msg(m); CREATE INDEX i6 ON msg(n);'
           'CREATE INDEX i7 ON ev(MailboxOwnerUPN, t); CREATE INDEX i8 ON ev(SessionId);')


class SQLite(base.Engine):
    name = 'sqlite'

    def __init__(self, options):
        super().__init__(options)
        self.path = os.path.join(self.directory, 'db')
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.executescript('PRAGMA page_size=16384; PRAGMA journal_mode=WAL;'
                              'PRAGMA synchronous=FULL; PRAGMA cache_size=-500000;'
                              f'PRAGMA threads={self.threads};')

    def ingest(self):
        names = ', '.join(COLUMNS)
        values = ', '.join(
            f"coalesce(json_extract(?1, '$.{name}'), {0 if name in NUMBERS else repr('')})"
            if name != 'ClientIP' else
            "coalesce(json_extract(?1, '$.ClientIP'), json_extract(?1, '$.ClientIPAddress'), '')"
            for name in COLUMNS)
        db = self.db
        db.executescript(f'CREATE TABLE ev(n INTEGER PRIMARY KEY, t INTEGER, {names}, Raw TEXT);'
                         'CREATE TABLE msg(m TEXT, n INTEGER);')
        db.execute('BEGIN')
        with open(self.data, encoding='utf-8') as file:
            db.executemany("INSERT INTO ev SELECT NULL, unixepoch(json_extract(?1, "
                           f"'$.CreationTime')), {values}, ?1", ((line[:-1],) for line in file))
        db.execute("INSERT INTO msg SELECT json_extract(i.value, '$.InternetMessageId'), ev.n "
                   "FROM ev, json_each(ev.Raw, '$.Folders') f, json_each(f.value, '$.FolderItems')"
                   " i WHERE ev.Operation = 'MailItemsAccessed'")
        db.execute('COMMIT')
        db.executescript(INDEXES)
        db.executescript("CREATE VIRTUAL TABLE fts USING fts5(Raw, content='ev', "
                         "content_rowid='n', detail=none);"
                         "INSERT INTO fts(fts) VALUES('rebuild'); ANALYZE;"
                         'PRAGMA wal_checkpoint(TRUNCATE);')
        return {}

    def size_bytes(self):
        return os.path.getsize(self.path)

    def ask(self, text):
        begin = time.monotonic()
        self.db.execute(text).fetchall()
        return time.monotonic() - begin, None

    def answer(self, text):
        cursor = self.db.execute(text)
        return [column[0] for column in cursor.description], cursor.fetchall()

    @staticmethod
    def as_records(names, rows):
        return questions.records(rows, names)

    def close(self):
        self.db.close()


def engine(options, _):
    return SQLite(options)
