# SPDX-License-Identifier: Apache-2.0
"""questions - Q1 to Q15 in each engine's language.

A question has texts with {constants}; a set of constants is a variant.  The
answers of all engines to a variant must be equal: `kind` says what is compared.

  rows    all rows, as a multiset of the cells' texts
  ids     the `Id` of each record that comes back
  times   the event times of the records that come back, where ties leave open which they are

`kql` goes to Daybook.  `clickhouse` and `duckdb` share most of their SQL: `sql`
stands for both, with functions that differ as {hour(...)}-like names below.
"""
import json

MAIL = "Operation = 'MailItemsAccessed'"
SIGN_INS = "Operation IN ('UserLoggedIn', 'UserLoginFailed')"
WORD = ("contains(lower(Raw), 'word') AND "
        "regexp_matches(lower(Raw), '(^|[^a-z0-9])word([^a-z0-9]|$)')")
KQL_SIGN_INS = 'AuditRecords | where Operation in ("UserLoggedIn", "UserLoginFailed")'


class Question:
    def __init__(self, name, title, kind, kql, **texts):
        self.name, self.title, self.kind, self.kql = name, title, kind, kql
        self.texts = texts

    def text(self, engine, constants):
        """The text for an engine, or None where it cannot be asked."""
        text = self.kql if engine == 'daybook' else self.texts.get(engine)
        if text is None and engine in ('clickhouse', 'duckdb', 'sqlite'):
            text = self.texts.get('sql')
        if text is None:
            return None
        for name, value in constants.items():
            text = text.replace('{' + name + '}', str(value))
        return text


QUESTIONS = [
    Question(
        'Q1', 'one message id', 'ids',
        'AuditRecords | mv-expand f = Folders | mv-expand i = f.FolderItems '
        '| where tostring(i.InternetMessageId) == "{message}" | project CreationTime, UserId, Id',
        clickhouse="SELECT CreationTime, UserId, Id FROM ev WHERE has(MessageIds, '{message}')",
        duckdb="SELECT CreationTime, UserId, Id::VARCHAR AS Id FROM ev WHERE "
               "list_contains(MessageIds, '{message}')",
        sqlite="SELECT e.t, e.UserId, e.Id FROM msg m JOIN ev e ON e.n = m.n WHERE m.m = "
               "'{message}'",
        victorialogs='Folders:"{message}"', plain='{message}'),
    Question(
        'Q2', 'a user, 7 days, newest 100', 'times',
        'AuditRecords | where UserId == "{user}" and CreationTime between '
        '(datetime({from}) .. datetime({to})) | top 100 by CreationTime desc',
        sql="SELECT Raw FROM ev WHERE UserId = '{user}' AND CreationTime >= '{from}' "
            "AND CreationTime <= '{to}' ORDER BY CreationTime DESC LIMIT 100",
        sqlite="SELECT Raw FROM ev WHERE UserId = '{user}' AND t >= unixepoch('{from}') "
               "AND t <= unixepoch('{to}') ORDER BY t DESC LIMIT 100",
        victorialogs='_time:[{from}Z, {to}Z] UserId:="{user}" | sort by (_time desc) limit 100'),
    Question(
        'Q3', 'all records of an address', 'ids',
        'AuditRecords | where ClientIP == "{address}" or ClientIPAddress == "{address}"',
        sql="SELECT Raw FROM ev WHERE ClientIP = '{address}'",
        victorialogs='ClientIP:="{address}" or ClientIPAddress:="{address}"', plain='"{address}"'),
    Question(
        'Q4', 'count by a column', 'rows',
        'AuditRecords | summarize count() by {column}',
        sql='SELECT {column}, count(*) FROM ev GROUP BY 1',
        victorialogs='* | stats by ({column}) count() c'),
    Question(
        'Q5', 'an operation by hour', 'rows',
        'AuditRecords | where Operation == "{operation}" | summarize count() by bin(CreationTime, '
        '1h)',
        clickhouse="SELECT toStartOfHour(CreationTime), count(*) FROM ev "
                   "WHERE Operation = '{operation}' GROUP BY 1",
        duckdb="SELECT date_trunc('hour', CreationTime), count(*) FROM ev "
               "WHERE Operation = '{operation}' GROUP BY 1",
        sqlite="SELECT datetime(t / 3600 * 3600, 'unixepoch'), count(*) FROM ev "
               "WHERE Operation = '{operation}' GROUP BY t / 3600",
        victorialogs='Operation:="{operation}" | stats by (_time:1h) count() c'),
    Question(
        'Q6', 'new application per mailbox', 'rows',
        'let W = AuditRecords | where Operation == "MailItemsAccessed"; '
        'W | where CreationTime between (datetime({middle}) .. datetime({to})) '
        '| distinct MailboxOwnerUPN, AppId '
        '| join kind=leftanti (W | where CreationTime >= datetime({from}) and '
        'CreationTime < datetime({middle}) | distinct MailboxOwnerUPN, AppId) '
        'on MailboxOwnerUPN, AppId',
        clickhouse=f"SELECT DISTINCT MailboxOwnerUPN, AppId FROM ev WHERE {MAIL} "
                   "AND CreationTime >= '{middle}' AND CreationTime <= '{to}' "
                   "AND (MailboxOwnerUPN, AppId) NOT IN (SELECT MailboxOwnerUPN, AppId FROM ev "
                   f"WHERE {MAIL} AND CreationTime >= '{{from}}' AND CreationTime < '{{middle}}')",
        duckdb=f"SELECT DISTINCT MailboxOwnerUPN, AppId FROM ev a WHERE {MAIL} "
               "AND CreationTime >= '{middle}' AND CreationTime <= '{to}' AND NOT EXISTS "
               f"(SELECT 1 FROM ev b WHERE b.{MAIL} AND b.CreationTime >= '{{from}}' AND "
               "b.CreationTime < '{middle}' AND b.MailboxOwnerUPN = a.MailboxOwnerUPN "
               "AND b.AppId = a.AppId)",
        sqlite=f"SELECT MailboxOwnerUPN, AppId FROM ev WHERE {MAIL} AND t >= "
               f"unixepoch('{{middle}}') "
               "AND t <= unixepoch('{to}') EXCEPT SELECT MailboxOwnerUPN, AppId FROM ev "
               f"WHERE {MAIL} AND t >= unixepoch('{{from}}') AND t < unixepoch('{{middle}}')"),
    Question(
        'Q7', 'most distinct values', 'rows',
        'AuditRecords | summarize n = count_distinct({counted}) by {grouped} '
        '| top 10 by n desc, {grouped} asc',
        clickhouse='SELECT {grouped}, uniqExact({counted}) c FROM ev GROUP BY 1 '
                   'ORDER BY c DESC, 1 LIMIT 10',
        sql='SELECT {grouped}, count(DISTINCT {counted}) c FROM ev GROUP BY 1 '
            'ORDER BY c DESC, 1 LIMIT 10'),
    Question(
        'Q8r', 'a rare word anywhere: count', 'rows',
        'AuditRecords | where * has "{rare}" | count',
        clickhouse="SELECT count(*) FROM ev WHERE hasToken(lower(Raw), '{rare}')",
        clickhouse_text="SELECT count(*) FROM ev WHERE hasAllTokens(Raw, '{rare}')",
        duckdb="SELECT count(*) FROM ev WHERE " + WORD.replace('word', '{rare}'),
        sqlite="SELECT count(*) FROM fts WHERE fts MATCH '{rare}'"),
    Question(
        'Q8R', 'a rare word anywhere: the records', 'ids',
        'AuditRecords | where * has "{rare}"',
        clickhouse="SELECT Raw FROM ev WHERE hasToken(lower(Raw), '{rare}')",
        clickhouse_text="SELECT Raw FROM ev WHERE hasAllTokens(Raw, '{rare}')",
        duckdb="SELECT Raw FROM ev WHERE " + WORD.replace('word', '{rare}'),
        sqlite="SELECT e.Raw FROM fts JOIN ev e ON e.n = fts.rowid WHERE fts MATCH '{rare}'",
        plain='{rare}'),
    Question(
        'Q8c', 'a common word anywhere: count', 'rows',
        'AuditRecords | where * has "{common}" | count',
        clickhouse="SELECT count(*) FROM ev WHERE hasToken(lower(Raw), '{common}')",
        clickhouse_text="SELECT count(*) FROM ev WHERE hasAllTokens(Raw, '{common}')",
        duckdb="SELECT count(*) FROM ev WHERE " + WORD.replace('word', '{common}'),
        sqlite="SELECT count(*) FROM fts WHERE fts MATCH '{common}'"),
    Question(
        'Q9', 'failures, then a success', 'rows',
        KQL_SIGN_INS + ' | sort by ClientIP asc, CreationTime asc, Operation desc '
        '| extend f = row_cumsum(iff(Operation == "UserLoginFailed", 1, 0), '
        'ClientIP != prev(ClientIP)) '
        '| where Operation == "UserLoggedIn" and prev(ClientIP, {failures}) == ClientIP '
        'and prev(Operation, {failures}) == "UserLoginFailed" '
        'and f - prev(f, {failures}) == {failures} - 1 '
        'and CreationTime - prev(CreationTime, {failures}) <= {minutes}m '
        '| summarize count(), count_distinct(ClientIP)',
        clickhouse="SELECT count(*), uniqExact(ClientIP) FROM (SELECT ClientIP, Operation, "
                   "toUnixTimestamp(CreationTime) t, countIf(Operation = 'UserLoginFailed') OVER w "
                   "f, min(toUnixTimestamp(CreationTime)) OVER w began FROM ev "
                   f"WHERE {SIGN_INS} WINDOW w AS (PARTITION BY ClientIP ORDER BY CreationTime, "
                   "Operation DESC ROWS BETWEEN {failures} PRECEDING AND 1 PRECEDING)) "
                   "WHERE Operation = 'UserLoggedIn' AND f = {failures} AND t - began <= "
                   "{minutes} * 60",
        duckdb="SELECT count(*), count(DISTINCT ClientIP) FROM (SELECT ClientIP, Operation, "
               "epoch(CreationTime) t, count(*) FILTER (Operation = 'UserLoginFailed') OVER w f, "
               "min(epoch(CreationTime)) OVER w began FROM ev "
               f"WHERE {SIGN_INS} WINDOW w AS (PARTITION BY ClientIP ORDER BY CreationTime, "
               "Operation DESC ROWS BETWEEN {failures} PRECEDING AND 1 PRECEDING)) "
               "WHERE Operation = 'UserLoggedIn' AND f = {failures} AND t - began <= {minutes} * "
               "60",
        sqlite="SELECT count(*), count(DISTINCT ClientIP) FROM (SELECT ClientIP, Operation, t, "
               "sum(Operation = 'UserLoginFailed') OVER w f, min(t) OVER w began FROM ev "
               f"WHERE {SIGN_INS} WINDOW w AS (PARTITION BY ClientIP ORDER BY t, "
               "Operation DESC ROWS BETWEEN {failures} PRECEDING AND 1 PRECEDING)) "
               "WHERE Operation = 'UserLoggedIn' AND f = {failures} AND t - began <= {minutes} * "
               "60"),
    Question(
        'Q10', 'messages per mailbox, rare application', 'rows',
        'AuditRecords | where AppId == "{rare_app}" | mv-expand f = Folders '
        '| mv-expand i = f.FolderItems | where isnotempty(i) '
        '| summarize count_distinct(tostring(i.InternetMessageId)) by MailboxOwnerUPN',
        clickhouse="SELECT MailboxOwnerUPN, uniqExact(m) FROM ev ARRAY JOIN MessageIds AS m "
                   "WHERE AppId = '{rare_app}' GROUP BY 1",
        duckdb="SELECT MailboxOwnerUPN, count(DISTINCT m) FROM (SELECT MailboxOwnerUPN, "
               "unnest(MessageIds) m FROM ev WHERE AppId = '{rare_app}') GROUP BY 1",
        sqlite="SELECT e.MailboxOwnerUPN, count(DISTINCT m.m) FROM ev e JOIN msg m ON m.n = e.n "
               "WHERE e.AppId = '{rare_app}' GROUP BY 1"),
    Question(
        'Q10b', 'messages per mailbox, common application', 'rows',
        'AuditRecords | where AppId == "{common_app}" | mv-expand f = Folders '
        '| mv-expand i = f.FolderItems | where isnotempty(i) '
        '| summarize count_distinct(tostring(i.InternetMessageId)) by MailboxOwnerUPN',
        clickhouse="SELECT MailboxOwnerUPN, uniqExact(m) FROM ev ARRAY JOIN MessageIds AS m "
                   "WHERE AppId = '{common_app}' GROUP BY 1",
        duckdb="SELECT MailboxOwnerUPN, count(DISTINCT m) FROM (SELECT MailboxOwnerUPN, "
               "unnest(MessageIds) m FROM ev WHERE AppId = '{common_app}') GROUP BY 1",
        sqlite="SELECT e.MailboxOwnerUPN, count(DISTINCT m.m) FROM ev e JOIN msg m ON m.n = e.n "
               "WHERE e.AppId = '{common_app}' GROUP BY 1"),
    Question(
        'Q11', 'join', 'rows',
        'AuditRecords | where Operation == "{file_operation}" | distinct UserId, ClientIP '
        '| join kind=inner (AuditRecords | where Operation == "MailItemsAccessed" '
        '| summarize n = count() by UserId, ClientIP) on UserId, ClientIP '
        '| summarize count(), sum(n)',
        sql="SELECT count(*), sum(n) FROM (SELECT DISTINCT UserId, ClientIP FROM ev "
            "WHERE Operation = '{file_operation}') a JOIN (SELECT UserId, ClientIP, count(*) n "
            f"FROM ev WHERE {MAIL} GROUP BY 1, 2) b ON a.UserId = b.UserId AND "
            "a.ClientIP = b.ClientIP"),
    Question(
        'Q12', 'series of counts', 'rows',
        'AuditRecords | make-series n = count() default=0 on CreationTime '
        'from datetime({from}) to datetime({to}) step 1h by {series} '
        '| mv-expand n to typeof(long) | summarize sum(n), max(n), count() by {series}',
        clickhouse="SELECT k, sum(n), max(n), dateDiff('hour', toDateTime('{from}'), "
                   "toDateTime('{to}')) FROM (SELECT {series} k, toStartOfHour(CreationTime) h, "
                   "count(*) n FROM ev WHERE CreationTime >= '{from}' AND CreationTime < '{to}' "
                   "GROUP BY 1, 2) GROUP BY 1",
        duckdb="SELECT k, sum(n), max(n), date_diff('hour', TIMESTAMP '{from}', TIMESTAMP '{to}') "
               "FROM (SELECT {series} k, date_trunc('hour', CreationTime) h, count(*) n FROM ev "
               "WHERE CreationTime >= '{from}' AND CreationTime < '{to}' GROUP BY 1, 2) GROUP BY "
               "1"),
    Question(
        'Q13', 'regular expression', 'rows',
        'AuditRecords | where {text_column} matches regex @"{regex}" | summarize count() by '
        'Operation',
        clickhouse="SELECT Operation, count(*) FROM ev WHERE match({text_column}, '{regex}') "
                   "GROUP BY 1",
        duckdb="SELECT Operation, count(*) FROM ev WHERE regexp_matches({text_column}, '{regex}') "
               "GROUP BY 1"),
    Question(
        'Q14', 'a field of JSON in a value', 'rows',
        'AuditRecords | where Operation == "UserLoggedIn" '
        '| extend v = tostring(parse_json(tostring(DeviceProperties))[{element}].Value) '
        '| summarize n = count() by v | summarize count(), sum(n), max(n)',
        clickhouse="SELECT count(*), sum(n), max(n) FROM (SELECT JSONExtractString(Raw, "
                   "'DeviceProperties', {element} + 1, 'Value') v, count(*) n FROM ev "
                   "WHERE Operation = 'UserLoggedIn' GROUP BY 1)",
        duckdb="SELECT count(*), sum(n), max(n) FROM (SELECT json_extract_string(Raw, "
               "'$.DeviceProperties[{element}].Value') v, count(*) n FROM ev "
               "WHERE Operation = 'UserLoggedIn' GROUP BY 1)"),
    Question(
        'Q15', 'very many groups', 'rows',
        'AuditRecords | summarize n = count() by {unique} | summarize count(), sum(n), max(n)',
        sql='SELECT count(*), sum(n), max(n) FROM (SELECT {unique}, count(*) n FROM ev GROUP BY '
            '1)'),
]


def cell(value):
    """A cell as all engines would write it."""
    if value is None:
        return ''
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    if len(text) >= 19 and text[4] == '-' and text[10] in 'T ' and text[13] == ':':
        text = text[:10] + ' ' + text[11:19]  # times to the second
    return text


def canonical(kind, rows):
    """What must be equal: rows are lists of cells, or records as objects for ids and times."""
    if kind == 'rows':
        return sorted('|'.join(cell(c) for c in row) for row in rows)
    if kind == 'ids':
        return sorted(r['Id'].lower() for r in rows)
    return sorted(cell(r['CreationTime']) for r in rows)


def records(rows, names):
    """Rows of an SQL engine as objects: the raw text, or named columns."""
    if names == ['Raw']:
        return [json.loads(row[0]) for row in rows]
    return [dict(zip(names, (cell(c) for c in row))) for row in rows]
