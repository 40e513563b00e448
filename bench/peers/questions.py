# SPDX-License-Identifier: Apache-2.0
"""questions - Q1 to Q15 in each engine's language.

A question has texts with {places}; draw.py draws what stands there, a set of it is a variant.
The answers of all engines to a variant must be equal: `kind` says what is compared.

  rows    all rows, as a multiset of the cells' texts
  ids     the `Id` of each record that comes back
  times   the event times of the records that come back, where ties leave open which they are

`kql` goes to Daybook.  ClickHouse, DuckDB and SQLite share most of their SQL: `sql` stands for
all of them where they have no text of their own.  ClickHouse's JSON type has the same columns
as its table of typed ones (clickhouse.py); None says that it cannot be asked.
"""
import json

MAIL = "Operation = 'MailItemsAccessed'"
SIGN_INS = "Operation IN ('UserLoggedIn', 'UserLoginFailed')"
WORD = ("contains(lower(Raw), 'word') AND "
        "regexp_matches(lower(Raw), '(^|[^a-z0-9])word([^a-z0-9]|$)')")
KQL_SIGN_INS = ('AuditRecords | where Operation in ("UserLoggedIn", "UserLoginFailed") '
                '| sort by {ring} asc, CreationTime asc, Operation desc ')
LOGSQL_MAIL = 'Operation:="MailItemsAccessed"'
# Whose texts an engine may be asked with, the first there is.
TEXTS_OF = {'clickhouse': ('clickhouse', 'sql'),
            'clickhouse_json': ('clickhouse_json', 'clickhouse', 'sql'),
            'duckdb': ('duckdb', 'sql'), 'sqlite': ('sqlite', 'sql')}


class Question:
    def __init__(self, name, title, kind, kql, **texts):
        self.name, self.title, self.kind, self.kql = name, title, kind, kql
        self.texts = texts

    def template(self, engine):
        """With places; None where it cannot be asked."""
        if engine == 'daybook':
            return self.kql
        return next((self.texts[name] for name in TEXTS_OF.get(engine, (engine,))
                     if name in self.texts), None)

    def text(self, engine, constants):
        """The text for an engine, or None where it cannot be asked."""
        text = self.template(engine)
        if text is None:
            return None
        for name, value in constants.items():
            text = text.replace('{' + name + '}', str(value))
        return text


MESSAGE = {  # what Q1 is to the peers
    'clickhouse': "SELECT CreationTime, UserId, Id FROM ev WHERE has(MessageIds, '{message}')",
    'duckdb': "SELECT CreationTime, UserId, Id::VARCHAR AS Id FROM ev WHERE "
              "list_contains(MessageIds, '{message}')",
    'sqlite': "SELECT e.t, e.UserId, e.Id FROM msg m JOIN ev e ON e.n = m.n WHERE m.m = "
              "'{message}'",
    'victorialogs': 'Folders:"{message}"', 'plain': '{message}'}

FAILURES = {  # what Q9 is to the peers
    'clickhouse': "SELECT count(*), uniqExact({ring}) FROM (SELECT {ring}, Operation, "
                  "toUnixTimestamp(CreationTime) t, countIf(Operation = 'UserLoginFailed') OVER w "
                  "f, min(toUnixTimestamp(CreationTime)) OVER w began FROM ev "
                  f"WHERE {SIGN_INS} WINDOW w AS (PARTITION BY {{ring}} ORDER BY CreationTime, "
                  "Operation DESC ROWS BETWEEN {failures} PRECEDING AND 1 PRECEDING)) "
                  "WHERE Operation = 'UserLoggedIn' AND f = {failures} AND t - began <= "
                  "{minutes} * 60",
    'duckdb': "SELECT count(*), count(DISTINCT {ring}) FROM (SELECT {ring}, Operation, "
              "epoch(CreationTime) t, count(*) FILTER (Operation = 'UserLoginFailed') OVER w f, "
              "min(epoch(CreationTime)) OVER w began FROM ev "
              f"WHERE {SIGN_INS} WINDOW w AS (PARTITION BY {{ring}} ORDER BY CreationTime, "
              "Operation DESC ROWS BETWEEN {failures} PRECEDING AND 1 PRECEDING)) "
              "WHERE Operation = 'UserLoggedIn' AND f = {failures} AND t - began <= "
              "{minutes} * 60",
    'sqlite': "SELECT count(*), count(DISTINCT {ring}) FROM (SELECT {ring}, Operation, t, "
              "sum(Operation = 'UserLoginFailed') OVER w f, min(t) OVER w began FROM ev "
              f"WHERE {SIGN_INS} WINDOW w AS (PARTITION BY {{ring}} ORDER BY t, "
              "Operation DESC ROWS BETWEEN {failures} PRECEDING AND 1 PRECEDING)) "
              "WHERE Operation = 'UserLoggedIn' AND f = {failures} AND t - began <= "
              "{minutes} * 60"}


def messages(name, title, how_many):
    """Q10 and Q10b: of the records of a value that is rare or common."""
    column, value = '{' + how_many + '_column}', '{' + how_many + '_value}'
    return Question(
        name, title, 'rows',
        f'AuditRecords | where {column} == "{value}" | mv-expand f = Folders '
        '| mv-expand i = f.FolderItems | where isnotempty(i) '
        '| summarize count_distinct(tostring(i.InternetMessageId)) by {mailbox}',
        clickhouse="SELECT {mailbox}, uniqExact(m) FROM ev ARRAY JOIN MessageIds AS m "
                   f"WHERE {column} = '{value}' GROUP BY 1",
        duckdb="SELECT {mailbox}, count(DISTINCT m) FROM (SELECT {mailbox}, "
               f"unnest(MessageIds) m FROM ev WHERE {column} = '{value}') GROUP BY 1",
        sqlite="SELECT e.{mailbox}, count(DISTINCT m.m) FROM ev e JOIN msg m ON m.n = e.n "
               f"WHERE e.{column} = '{value}' GROUP BY 1",
        victorialogs=f'{column}:="{value}" {LOGSQL_MAIL} | unroll (Folders) '
                     '| unpack_json from Folders fields (FolderItems) | unroll (FolderItems) '
                     '| unpack_json from FolderItems fields (InternetMessageId) '
                     '| filter InternetMessageId:* '
                     '| stats by ({mailbox}) count_uniq(InternetMessageId) c')


QUESTIONS = [
    Question(
        'Q1', 'one message id', 'ids',
        'AuditRecords | mv-expand f = Folders | mv-expand i = f.FolderItems '
        '| where tostring(i.InternetMessageId) == "{message}" | project CreationTime, UserId, Id',
        **MESSAGE),
    Question(
        'Q1s', 'one message id, the short form', 'ids', 'AuditRecords | where * has "{message}"',
        **MESSAGE),
    Question(
        'Q2', 'a user, 7 days, newest 100', 'times',
        'AuditRecords | where {entity} == "{entity_value}" and CreationTime between '
        '(datetime({from}) .. datetime({to})) | top 100 by CreationTime desc',
        sql="SELECT Raw FROM ev WHERE {entity} = '{entity_value}' AND CreationTime >= '{from}' "
            "AND CreationTime <= '{to}' ORDER BY CreationTime DESC LIMIT 100",
        sqlite="SELECT Raw FROM ev WHERE {entity} = '{entity_value}' AND t >= unixepoch('{from}') "
               "AND t <= unixepoch('{to}') ORDER BY t DESC LIMIT 100",
        victorialogs='_time:[{from}T00:00:00Z, {to}T00:00:00Z] {entity}:="{entity_value}" '
                     '| sort by (_time desc) limit 100'),
    Question(
        'Q3', 'all records of an address', 'ids',
        'AuditRecords | where {held_kql}',
        sql='SELECT Raw FROM ev WHERE {held_sql}',
        victorialogs='{held_logsql}', plain='{held_plain}'),
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
        '| distinct {owner}, {used} '
        '| join kind=leftanti (W | where CreationTime >= datetime({from}) and '
        'CreationTime < datetime({middle}) | distinct {owner}, {used}) '
        'on {owner}, {used}',
        clickhouse=f"SELECT DISTINCT {{owner}}, {{used}} FROM ev WHERE {MAIL} "
                   "AND CreationTime >= '{middle}' AND CreationTime <= '{to}' "
                   "AND ({owner}, {used}) NOT IN (SELECT {owner}, {used} FROM ev "
                   f"WHERE {MAIL} AND CreationTime >= '{{from}}' AND CreationTime < '{{middle}}')",
        duckdb=f"SELECT DISTINCT {{owner}}, {{used}} FROM ev a WHERE {MAIL} "
               "AND CreationTime >= '{middle}' AND CreationTime <= '{to}' AND NOT EXISTS "
               f"(SELECT 1 FROM ev b WHERE b.{MAIL} AND b.CreationTime >= '{{from}}' AND "
               "b.CreationTime < '{middle}' AND b.{owner} = a.{owner} "
               "AND b.{used} = a.{used})",
        sqlite=f"SELECT {{owner}}, {{used}} FROM ev WHERE {MAIL} AND t >= "
               f"unixepoch('{{middle}}') "
               "AND t <= unixepoch('{to}') EXCEPT SELECT {owner}, {used} FROM ev "
               f"WHERE {MAIL} AND t >= unixepoch('{{from}}') AND t < unixepoch('{{middle}}')",
        victorialogs='_time:[{middle}T00:00:00Z, {to}T00:00:00Z] '
                     f'{LOGSQL_MAIL} | stats by ({{owner}}, {{used}}) count() c '
                     '| join by ({owner}, {used}) (_time:[{from}T00:00:00Z, {middle}T00:00:00Z) '
                     f'{LOGSQL_MAIL} | stats by ({{owner}}, {{used}}) count() base) '
                     '| filter base:"" | fields {owner}, {used}'),
    Question(
        'Q7', 'most distinct values', 'rows',
        'AuditRecords | summarize n = count_distinct({counted}) by {grouped} '
        '| top 10 by n desc, {grouped} asc',
        clickhouse='SELECT {grouped}, uniqExact({counted}) c FROM ev GROUP BY 1 '
                   'ORDER BY c DESC, 1 LIMIT 10',
        sql='SELECT {grouped}, count(DISTINCT {counted}) c FROM ev GROUP BY 1 '
            'ORDER BY c DESC, 1 LIMIT 10',
        # It does not count the empty value, and sorts texts by the numbers in them: the runner
        # takes the ten of those that are alike.
        victorialogs='* | stats by ({grouped}) count_uniq({counted}) u, count_empty({counted}) e '
                     '| math u + min(e, 1) as c | sort by (c desc) limit 1000'),
    Question(
        'Q8r', 'a rare word anywhere: count', 'rows',
        'AuditRecords | where * has "{rare}" | count',
        clickhouse="SELECT count(*) FROM ev WHERE hasToken(lower(Raw), '{rare}')",
        clickhouse_text="SELECT count(*) FROM ev WHERE hasAllTokens(Raw, '{rare}')",
        duckdb="SELECT count(*) FROM ev WHERE " + WORD.replace('word', '{rare}'),
        sqlite="SELECT count(*) FROM fts WHERE fts MATCH '{rare}'",
        clickhouse_json=None,
        victorialogs='*:i({rare}) | stats count() c'),
    Question(
        'Q8R', 'a rare word anywhere: the records', 'ids',
        'AuditRecords | where * has "{rare}"',
        clickhouse="SELECT Raw FROM ev WHERE hasToken(lower(Raw), '{rare}')",
        clickhouse_text="SELECT Raw FROM ev WHERE hasAllTokens(Raw, '{rare}')",
        duckdb="SELECT Raw FROM ev WHERE " + WORD.replace('word', '{rare}'),
        sqlite="SELECT e.Raw FROM fts JOIN ev e ON e.n = fts.rowid WHERE fts MATCH '{rare}'",
        clickhouse_json=None, victorialogs='*:i({rare})', plain='{rare}'),
    Question(
        'Q8c', 'a common word anywhere: count', 'rows',
        'AuditRecords | where * has "{common}" | count',
        clickhouse="SELECT count(*) FROM ev WHERE hasToken(lower(Raw), '{common}')",
        clickhouse_text="SELECT count(*) FROM ev WHERE hasAllTokens(Raw, '{common}')",
        duckdb="SELECT count(*) FROM ev WHERE " + WORD.replace('word', '{common}'),
        sqlite="SELECT count(*) FROM fts WHERE fts MATCH '{common}'",
        clickhouse_json=None,
        victorialogs='*:i({common}) | stats count() c'),
    Question(
        'Q9', 'failures, then a success', 'rows',
        KQL_SIGN_INS + '| extend f = row_cumsum(iff(Operation == "UserLoginFailed", 1, 0), '
        '{ring} != prev({ring})) '
        '| where Operation == "UserLoggedIn" and prev({ring}, {failures}) == {ring} '
        'and prev(Operation, {failures}) == "UserLoginFailed" '
        'and f - prev(f, {failures}) == {failures} - 1 '
        'and CreationTime - prev(CreationTime, {failures}) <= {minutes}m '
        '| summarize count(), count_distinct({ring})',
        **FAILURES),
    Question(
        'Q9s', 'failures, then a success, with scan', 'rows',
        KQL_SIGN_INS + '| project {ring}, CreationTime, Operation, '
        'began = prev(CreationTime, {failures}) '
        '| scan declare (before: long = 0, f: long = 0) with (step s: true => '
        'before = iff({ring} == s.{ring}, s.f, 0), f = iff(Operation == "UserLoginFailed", '
        'iff({ring} == s.{ring}, s.f, 0) + 1, 0);) '
        '| where Operation == "UserLoggedIn" and before >= {failures} '
        'and CreationTime - began <= {minutes}m '
        '| summarize count(), count_distinct({ring})',
        **FAILURES),
    messages('Q10', 'messages per mailbox, rare application', 'rare'),
    messages('Q10b', 'messages per mailbox, common application', 'common'),
    Question(
        'Q11', 'join', 'rows',
        'AuditRecords | where Operation == "{file_operation}" | distinct {left}, {right} '
        '| join kind=inner (AuditRecords | where Operation == "MailItemsAccessed" '
        '| summarize n = count() by {left}, {right}) on {left}, {right} '
        '| summarize count(), sum(n)',
        sql="SELECT count(*), sum(n) FROM (SELECT DISTINCT {left}, {right} FROM ev "
            "WHERE Operation = '{file_operation}') a JOIN (SELECT {left}, {right}, count(*) n "
            f"FROM ev WHERE {MAIL} GROUP BY 1, 2) b ON a.{{left}} = b.{{left}} AND "
            "a.{right} = b.{right}"),
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
        'AuditRecords | where Operation == "{signing}" '
        '| extend v = tostring(parse_json(tostring({list}))[{element}].{part}) '
        '| summarize n = count() by v | summarize count(), sum(n), max(n)',
        clickhouse="SELECT count(*), sum(n), max(n) FROM (SELECT JSONExtractString(Raw, "
                   "'{list}', {element} + 1, '{part}') v, count(*) n FROM ev "
                   "WHERE Operation = '{signing}' GROUP BY 1)",
        clickhouse_json=None,
        duckdb="SELECT count(*), sum(n), max(n) FROM (SELECT json_extract_string(Raw, "
               "'$.{list}[{element}].{part}') v, count(*) n FROM ev "
               "WHERE Operation = '{signing}' GROUP BY 1)"),
    Question(
        'Q15', 'very many groups', 'rows',
        'AuditRecords | summarize n = count() by {unique} | summarize count(), sum(n), max(n)',
        sql='SELECT count(*), sum(n), max(n) FROM (SELECT count(*) n FROM ev GROUP BY {unique})'),
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
