/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of a query depends on the data alone: not on what the store leaves out by the
 * filters it is told, not on the number of threads, not on whether rows are sealed. */
#include "answers.h"

#define RECORDS 20000

static const char odd_records[] =
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"d\":{\"a\":{\"b\":5}},\"s\":\"Five\",\"n\":5}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:01\",\"d\":{\"a\":{\"b\":\"5\"}},\"s\":\"five\","
    "\"n\":-1}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:02\",\"d\":{\"a\":{\"b\":5.0}},\"s\":\"\",\"n\":0}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:03\",\"d\":{\"a\":{\"b\":null}},\"s\":null}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:04\",\"d\":{\"a\":[{\"b\":5},\"5 apples\"]},"
    "\"s\":\"\\u00c4pfel\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:05\",\"d\":\"{\\\"a\\\":{\\\"b\\\":5}}\","
    "\"s\":\"\\u00e4pfel\",\"n\":9007199254740993}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:06\",\"d\":{\"a.b\":5,\"a\":{\"b\":true}},"
    "\"s\":\"a b-c\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:07\",\"d\":{\"a\":{\"b\":\"x\\\"5\\\"\"}},"
    "\"s\":\"tab\\tword\",\"n\":5.5}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:08\",\"d\":{\"a\":{\"b\":[5]}},\"s\":\"red\\/blue\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:09\",\"d\":{\"a\":{\"b\":{\"c\":5}}},\"n\":\"5\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:10\",\"d\":[1,\"two\",{\"three\":\"Four-Five\"}]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:11\",\"d\":{\"a\":{\"b\":5e0}},\"d\":{\"a\":{\"b\":6}}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:12\",\"d\":{\"a\":{\"b\":{\"app\":\"thunderbird\"}}},"
    "\"s\":[\"evilhost\"]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:13\",\"d\":{\"a\":{\"b\":[\"evilhost\"]}}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:14\",\"d\":{\"a\":{\"b\":{\"note\":"
    "\"\\u201cpears\\u201d R\\u0026D O\\u0027Brien\"}}}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:15\",\"d\":{\"a\":{\"b\":[ ]}}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:16\",\"d\":{\"a\":{\"b\":[]}}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:17\",\"d\":{\"a\":{\"b\":{ }}}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:18\",\"d\":[[ ],{\"b\":[ ]},[],{ }]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:19\",\"d\":[ ]}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:01:00\",\"s\":\"no time\"}\n"
    "not an object at all\n";

/* A field that has the name of a time, and is not the time of the event. */
static const char clock_records[] =
    "{\"TimeGenerated\":\"2024-02-01T10:00:00\",\"Timestamp\":\"2024-03-01T10:00:00\"}\n"
    "{\"TimeGenerated\":\"2024-02-02T10:00:00\",\"Timestamp\":\"2024-01-01T10:00:00\"}\n"
    "{\"TimeGenerated\":\"2024-02-03T10:00:00\",\"Timestamp\":\"2024-02-03T10:00:00\"}\n";

/* The time of the event is in a field, which some do not have; what is no time is shown nowhere. */
static const char bare_records[] =
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"k\":\"a\"}\n"
    "{\"CreationTime\":\"2024-02-02T10:00:00\",\"k\":\"b\"}\n"
    "{\"TimeGenerated\":\"2024-02-03T10:00:00\",\"k\":\"a\"}\n"
    "{\"TimeGenerated\":\"Mon, 01 Jan 2024 10:00:00 GMT\",\"k\":\"c\"}\n";

/* Arrays of objects, in two tables: in one of them nothing else stands in their place. */
#define ARRAYS                                                                                    \
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"s\":\"x\",\"l\":[{\"m\":\"1\",\"k\":["           \
    "{\"i\":\"a\"},{\"i\":\"b\"},{}]},{\"m\":\"2\"}]}\n"                                          \
    "{\"CreationTime\":\"2024-02-01T10:00:01\",\"s\":\"y\",\"l\":[]}\n"                           \
    "{\"CreationTime\":\"2024-02-01T10:00:02\",\"s\":\"z\"}\n"                                    \
    "{\"CreationTime\":\"2024-02-01T10:00:03\",\"s\":\"x\",\"l\":[{\"k\":[]},{\"m\":null,"        \
    "\"m\":\"\\u0033\"},{\"k\":[{\"i\":\"a\",\"j\":[1,2]},{\"i\":null}]}]}\n"
static const char array_records[] = ARRAYS;
static const char mixed_records[] =
    ARRAYS "{\"CreationTime\":\"2024-02-01T10:00:04\",\"s\":\"x\",\"l\":{\"m\":\"7\",\"k\":[5]}}\n"
           "{\"CreationTime\":\"2024-02-01T10:00:05\",\"s\":\"x\",\"l\":[\"m\",{\"m\":8},"
           "[{\"m\":9}]]}\n"
           "not an object at all\n";

/* Arrays whose elements are expanded again, and what else is. */
static const char nested_records[] =
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"l\":[{\"k\":\"x\"},{\"k\":\"y\",\"j\":\"x\"}],"
    "\"m\":[[\"y\"]]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:01\",\"l\":[{\"j\":\"y\"}],\"m\":\"x\"}\n";

/* Names that a path has with escapes. */
static const char name_records[] =
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"ids[]\":[\"a\",\"b\"],"
    "\"p[x]\":[{\"m\":\"c\",\"n\":[{\"i\":\"d\"}]}]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:01\",\"ids[]\":[\"c\"],\"p[x]\":[{\"m\":\"a\"}]}\n";

/* A declared table: what a column shows is not always what was sent. */
static const char typed_records[] =
    "{\"TimeGenerated\":\"2024-02-01T10:00:00\",\"rowcount_d\":443.50,"
    "\"Message\":\"error 50126\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:01\",\"rowcount_d\":1e5,\"Message\":\"port:443\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:02\",\"rowcount_d\":\"0443\",\"Message\":\"x\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:03\",\"JobId_g\":"
    "\"0123456789ABCDEF0123456789ABCDEF\",\"Level\":443}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:04\",\"JobId_g\":"
    "\"{89abcdef-0123-4567-89ab-cdef01234567}\",\"Level\":\"-443\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:05\",\"JobId_g\":"
    "\"89abcdef-0123-4567-89ab-cdef50126000\",\"Other\":{\"a\":[443.0,\"4\\u00343\"]}}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:06\",\"Other\":[443],\"Message\":\"0.443Z\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:07.443\","
    "\"StartTime_s\":\"2024-02-01T10:00:07.443\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:08\",\"443\":\"y\",\"Key50126\":\"z\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:09\",\"rowcount_d\":1e400}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:10\",\"rowcount_d\":-1e400}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:11\",\"rowcount_d\":[443,1],"
    "\"StartTime_s\":[\"apples\"],\"JobId_g\":[\"89abcdef-0123-4567-89ab-cdef50126000\"]}\n"
    "{\"TimeGenerated\":{\"at\":1},\"rowcount_d\":{\"a\":443},\"StartTime_s\":{\"pears\":1},"
    "\"JobId_g\":{}}\n";
static const char flag_records[] =
    "{\"TimeGenerated\":\"2024-02-01T10:00:00\",\"IsHidden\":1}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:01\",\"IsHidden\":\"0\",\"ObjectId\":\"true\"}\n"
    "{\"TimeGenerated\":\"2024-02-01T10:00:02\",\"IsHidden\":true}\n";

/* Empty arrays with blanks in them, and nothing but arrays where there are arrays. */
static const char blank_records[] =
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"d\":[\"a\",[ ]],\"l\":[{\"b\":[ ]}],\"x\":[ ]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:01\",\"d\":[\"b\"],\"l\":[{\"b\":\"c\"}],"
    "\"x\":{\"y\":[\t]}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:02\",\"d\":[ ],\"l\":[ ],\"x\":\"[]\","
    "\"o\":[{ },\"y\"]}\n";

/* Words beside characters beyond ASCII, as they are and as escapes, in values, keys and arrays. */
static const char term_records[] =
    "{\"CreationTime\":\"2024-02-01T10:00:00\",\"s\":\"he said “password”\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:01\",\"s\":\"\\u201cpassword\\u201d 12–34\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:02\",\"s\":\"my\\u00a0password\\u00a0is\"}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:03\",\"s\":\"请输入password。\","
    "\"d\":[\"（10.20.30.40）\"]}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:04\",\"s\":\"épassword\","
    "\"d\":{\"“password”\":1}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:05\",\"s\":\"new–password\","
    "\"d\":{\"a\":\"\\ufeffreset…\"}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:06\",\"s\":\"❤️password 1️⃣\","
    "\"d\":{\"\\u00abreset\\u00bb\":\"x\"}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:07\",\"s\":\"NEW–PASSWORD\","
    "\"d\":{\"a\":\"ÉTÉ—été\"}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:08\",\"s\":\"12–34\","
    "\"d\":{\"a\":[\"«été»\",\"e\\u0301te\"]}}\n"
    "{\"CreationTime\":\"2024-02-01T10:00:09\",\"s\":\"пароль：《отчёт》\"}\n";

/* Words used below come from the data. */
#define LETS                                                                                      \
    "let A = AuditRecords;"                                                                       \
    "let T0 = toscalar(A | summarize min(CreationTime)) + 3d;"                                    \
    "let T1 = T0 + 4d;"                                                                           \
    "let U = toscalar(A | summarize min(UserId));"                                                \
    "let I = toscalar(A | where isnotempty(ClientIP) | summarize max(ClientIP));"                 \
    "let P = toscalar(A | where isnotempty(AppId) | summarize min(AppId));"                       \
    "let M = toscalar(A | mv-expand f = Folders | mv-expand i = f.FolderItems"                    \
    " | summarize min(tostring(i.InternetMessageId)));"

static const char *const queries[] = {
    /* the ten questions */
    LETS "A | mv-expand f = Folders | mv-expand i = f.FolderItems"
         " | where tostring(i.InternetMessageId) == M | project CreationTime, UserId, Id",
    LETS "A | where * has M | project Id, _Seq",
    LETS "A | where UserId == U and CreationTime between (T0 .. T1)"
         " | top 100 by CreationTime desc, Id asc | project CreationTime, Id",
    LETS "A | where ClientIP == I or ClientIPAddress == I",
    LETS "A | summarize count() by Operation",
    LETS "A | where Operation == 'MailItemsAccessed' | summarize count() by bin(CreationTime, 1h)",
    LETS "let W = A | where Operation == 'MailItemsAccessed';"
         "W | where CreationTime between (T1 .. T1 + 5d) | distinct MailboxOwnerUPN, AppId"
         " | join kind=leftanti (W | where CreationTime between (T0 .. T1)"
         " | distinct MailboxOwnerUPN, AppId) on MailboxOwnerUPN, AppId",
    LETS "A | summarize n = count_distinct(ClientIP) by UserId | top 10 by n desc, UserId asc",
    "AuditRecords | where * has 'invoice' | count",
    "AuditRecords | where * has 'invoice' | project Id, UserId, Subject = Item",
    "AuditRecords | where Operation in ('UserLoginFailed', 'UserLoggedIn')"
    " | sort by ClientIP asc, CreationTime asc, Id asc | serialize"
    " n = row_number(1, prev(ClientIP) != ClientIP), before = prev(Operation)"
    " | where Operation == 'UserLoggedIn' and before == 'UserLoginFailed'"
    " | project ClientIP, CreationTime, n",
    LETS "A | where AppId == P | mv-expand f = Folders | mv-expand i = f.FolderItems"
         " | summarize count_distinct(tostring(i.InternetMessageId)) by MailboxOwnerUPN",
    /* views */
    "OfficeActivity | summarize count() by Operation, OfficeWorkload",
    "OfficeActivity | where Operation == 'MailItemsAccessed'"
    " | project UserId, ClientIP, TimeGenerated",
    "OfficeActivity | where OfficeWorkload =~ 'exchange' and TimeGenerated > datetime(2024-02-05)"
    " | summarize count() by bin(TimeGenerated, 1d)",
    LETS "OfficeActivity | where UserId == U | count",
    "AuditLogs | summarize count() by ActivityDisplayName, Result",
    "AuditLogs | where ActivityDisplayName has 'role' | project TimeGenerated, Identity",
    LETS "SigninLogs | where IPAddress == I | project UserPrincipalName, TimeGenerated",
    "SigninLogs | summarize count(), dcount(IPAddress) by ResultType",
    "CloudAppEvents | where ActionType == 'FileAccessed' | summarize count() by AccountDisplayName",
    "CloudAppEvents | where tostring(RawEventData.Workload) == 'SharePoint' | count",
    "union OfficeActivity, SigninLogs | where TimeGenerated > datetime(2024-01-01)"
    " | summarize count() by Type = iff(isempty(Operation), 'signin', 'office')",
    /* each kind of filter */
    "AuditRecords | where RecordType == 50 | summarize count() by Operation",
    "AuditRecords | where Operation != 'MailItemsAccessed' | count",
    "AuditRecords | where Operation =~ 'MAILITEMSACCESSED' | count",
    "AuditRecords | where Operation !~ 'MAILITEMSACCESSED' | count",
    "AuditRecords | where Operation in~ ('SEND', 'userloggedin', 'nothing') | summarize count() by "
    "Operation",
    "AuditRecords | where Operation !in ('Send', 'MailItemsAccessed') | count",
    "AuditRecords | where Operation has 'access' | count",
    "AuditRecords | where Operation contains 'ACCESS' | count",
    "AuditRecords | where UserId has_any ('a', 'admin', 'example') | count",
    "AuditRecords | where UserId has_all ('onmicrosoft', 'com') | count",
    "AuditRecords | where UserId startswith 'a' or UserId endswith 'com' | count",
    "AuditRecords | where UserId matches regex '^[a-m]' | count",
    "AuditRecords | where isempty(ClientIP) | summarize count() by Operation",
    "AuditRecords | where ClientIP == '' | summarize count() by Operation",
    LETS "A | where CreationTime >= T0 and CreationTime < T1 | count",
    LETS "A | where TimeGenerated > T0 and TimeGenerated <= T1 | count",
    LETS "A | where T0 <= TimeGenerated and T1 > TimeGenerated | summarize min(_Seq), max(_Seq)",
    LETS "A | where not(CreationTime between (T0 .. T1)) | count",
    LETS "A | where CreationTime !between (T0 .. T1) | count",
    LETS "A | where CreationTime > T1 or UserId == U | count",
    LETS "A | where CreationTime > T1 or (CreationTime < T0 and UserId == U) | count",
    LETS "A | where TimeGenerated > T1 or Operation == 'Send' | count",
    LETS "OfficeActivity | where Start_Time > T1 or UserId == U | count",
    "Clock_CL | where Timestamp > datetime(2024-02-15) | project _Seq",
    "Clock_CL | where Timestamp < datetime(2024-01-15) | project _Seq",
    "Clock_CL | where Timestamp between (datetime(2024-02-03) .. datetime(2024-03-02))"
    " | project _Seq",
    "Clock_CL | summarize count() by bin(Timestamp, 1d)",
    "Clock_CL | where TimeGenerated < datetime(2024-02-02T12:00:00) | project _Seq",
    "Bare_CL | where CreationTime > datetime(2024-02-02) or k == 'a' | project _Seq",
    "Bare_CL | where * has 'GMT' | project _Seq",
    "Bare_CL | search 'gmt' or 'c' | project _Seq",
    "Bare_CL | where CreationTime !between (datetime(2024-02-02) .. 1d) | project _Seq",
    "Bare_CL | summarize count() by bin(CreationTime, 1d)",
    "Bare_CL | summarize count() by bin(CreationTime, 1d), k",
    "Bare_CL | where k == 'a' | summarize count() by bin(CreationTime, 1d)",
    "Odd_CL | summarize count() by bin(CreationTime, 1h)",
    "Odd_CL | summarize count() by bin(CreationTime, 1h), s",
    "Odd_CL | where CreationTime < datetime(2024-02-01T10:00:30) | count",
    "Odd_CL | where isnull(CreationTime) | project _Seq",
    "AuditRecords | where CreationTime > datetime(2200-01-01) | count",
    "AuditRecords | where _Seq between (100 .. 2000) | count",
    "AuditRecords | where TenantId == '00000000-0000-0000-0000-000000000002' | count",
    "AuditRecords | where ingestion_time() > datetime(2000-01-01) | count",
    "AuditRecords | where tostring(Folders[0].Path) has 'inbox' | count",
    "AuditRecords | where Folders has 'inbox' | count",
    "AuditRecords | where tostring(AppAccessContext.AADSessionId) != '' | count",
    "AuditRecords | where tostring(ExtendedProperties) has 'UserAgent' | count",
    "AuditRecords | extend u = tolower(UserId) | where u has 'a' and Operation == 'Send' | count",
    LETS "A | project Who = UserId, When = CreationTime | where Who == U and When > T0 | count",
    LETS "A | join kind=inner (A | where UserId == U | distinct UserId) on UserId"
         " | where Operation == 'Send' | count",
    "OfficeActivity | where * has 'sharepoint' | count",
    LETS "SigninLogs | where * has I | count",
    LETS "A | where * == U | count",
    "AuditRecords | where * contains 'NVOIC' | count",
    "AuditRecords | extend x = strcat('in', 'voice') | where * has 'invoice' | count",
    "AuditRecords | project Operation, x = strcat(UserId, ' zebra') | where * has 'zebra' | count",
    /* odd values */
    "Odd_CL | where tostring(d.a.b) == '5' | project _Seq, s",
    "Odd_CL | where tostring(d.a.b) == '5.0' | project _Seq",
    "Odd_CL | where d.a.b == '5' | project _Seq",
    "Odd_CL | where d.a.b == 5 | project _Seq",
    "Odd_CL | where tostring(d.a.b) in ('5', 'true') | project _Seq",
    "Odd_CL | where tostring(d.a.b) =~ 'TRUE' | project _Seq",
    "Odd_CL | where tostring(d.a.b) has '5' | project _Seq",
    "Odd_CL | where tostring(d.a.b) == '' | project _Seq",
    "Odd_CL | where tostring(d.a) has 'apples' | project _Seq",
    "Odd_CL | where tostring(d.a.b) == '{\"app\":\"thunderbird\"}' | project _Seq",
    "Odd_CL | where tostring(d.a.b) in ('[\"evilhost\"]', 'x') | project _Seq",
    "Odd_CL | where tostring(d.a.b) =~ '[\"EvilHost\"]' | project _Seq",
    "Odd_CL | where tostring(d.a.b) == '[]' | project _Seq",
    "Odd_CL | where tostring(d.a.b) in ('[]', 'x') | project _Seq",
    "Odd_CL | where tostring(d.a.b) in~ ('[]', 'x') or s == 'five' | project _Seq",
    "Odd_CL | where tostring(d.a.b) has '[]' | project _Seq",
    "Odd_CL | where d.a.b == '{}' or tostring(d.a.b) in ('{}', 'x') | project _Seq",
    "Odd_CL | where tostring(d) == '[]' | project _Seq",
    "Odd_CL | where d has '[]' | project _Seq",
    "Odd_CL | mv-expand e = d | where tostring(e) =~ '[]' | project _Seq",
    "Odd_CL | mv-expand e = d | where tostring(e.b) == '[]' | project _Seq",
    "Odd_CL | mv-expand e = d | where tostring(e) == '{}' | project _Seq",
    "Blank_CL | mv-expand e = d | where tostring(e) == '[]' | project _Seq",
    "Blank_CL | mv-expand e = l | where tostring(e.b) == '[]' | project _Seq",
    "Blank_CL | where tostring(x) == '[]' or tostring(x.y) == '[]' | project _Seq",
    "Odd_CL | where d.a.b == dynamic({\"app\":\"thunderbird\"}) | project _Seq",
    "Odd_CL | where tostring(s) == '[\"evilhost\"]' | project _Seq",
    "Odd_CL | where d has 'pears' | project _Seq",
    "Odd_CL | where d.a has 'Brien' and tostring(d.a.b) contains \"R&D O'Brien\" | project _Seq",
    "Odd_CL | where d has_any ('u201cpears', 'u0027Brien') | project _Seq",
    "Odd_CL | where tostring(d['a.b']) == '5' | project _Seq",
    "Odd_CL | where tostring(d) has '5' | project _Seq",
    "Odd_CL | where d has 'four' | project _Seq",
    "Odd_CL | where s =~ 'FIVE' | project _Seq, s",
    "Odd_CL | where s == '' | project _Seq",
    "Odd_CL | where s =~ 'ÄPFEL' | project _Seq",
    "Odd_CL | where s has 'pfel' | project _Seq",
    "Odd_CL | where s has 'word' | project _Seq",
    "Odd_CL | where s has 'blue' | project _Seq",
    "Odd_CL | where s has 'b-c' | project _Seq",
    "Odd_CL | where s in~ ('FIVE', '') | project _Seq",
    "Odd_CL | where n == 5 | project _Seq",
    "Odd_CL | where n > 0 | project _Seq, n",
    "Odd_CL | where n == 9007199254740993 | project _Seq, n",
    "Odd_CL | where tostring(n) == '5' | project _Seq",
    "Odd_CL | where isnull(n) | project _Seq",
    "Odd_CL | where * has 'apples' | project _Seq",
    "Odd_CL | where * has '5' | project _Seq",
    "Odd_CL | where * has 'true' | project _Seq",
    "Odd_CL | where * has 'five' | project _Seq",
    "Odd_CL | where * has 'object' | project _Seq",
    "Odd_CL | where * has '2024' | project _Seq",
    "Odd_CL | where * has '000000000001' | project _Seq",
    "Odd_CL | where * has '00000000-0000-0000-0000-000000000001' | project _Seq",
    "Odd_CL | where * has '1000003' | project _Seq",
    "Odd_CL | where * has '01000003' | project _Seq",
    "Odd_CL | where * has '9007199254740993' | project _Seq",
    "Odd_CL | where * has 'odd_cl' | count",
    "AuditRecords | where * has 'AuditRecords' | count",
    "AuditRecords | where * has '000' or * has '18' | count",
#define WORDS(TABLE, WORD) TABLE " | where * has '" WORD "' | project _Seq"
#define NUMBERS(TABLE)                                                                             \
    WORDS(TABLE, "443"), WORDS(TABLE, "50126"), WORDS(TABLE, "100000"), WORDS(TABLE, "0443"),      \
        WORDS(TABLE, "4"), WORDS(TABLE, "18"), WORDS(TABLE, "1000001"), WORDS(TABLE, "1200"),      \
        WORDS(TABLE, "2024"), WORDS(TABLE, "00"), WORDS(TABLE, "50"), WORDS(TABLE, "01234567"),    \
        WORDS(TABLE, "4567"), WORDS(TABLE, "15"), WORDS(TABLE, "123")
    WORDS("AuditRecords", "443"),
    WORDS("AuditRecords", "15"),
    WORDS("AuditRecords", "1000001"),
    WORDS("AuditRecords", "1200"),
    NUMBERS("AzureDiagnostics"),
    NUMBERS("Odd_CL"),
    NUMBERS("Mixed_CL"),
    WORDS("AzureDiagnostics", "89abcdef"),
    WORDS("AzureDiagnostics", "cdef"),
    WORDS("AzureDiagnostics", "cdef89abcdef"),
    WORDS("AzureDiagnostics", "cdef01234567"),
    WORDS("AzureDiagnostics", "01234567-89ab-cdef-0123-456789abcdef"),
    WORDS("AzureDiagnostics", "azurediagnostics"),
    WORDS("AzureDiagnostics", "Infinity"),
    WORDS("AzureDiagnostics", "-infinity"),
    WORDS("Odd_CL", "infinity"),
    WORDS("Arrays_CL", "m"), /* keys in arrays */
    WORDS("Mixed_CL", "m"),
    WORDS("DataSecurityEvents", "true"),
    WORDS("DataSecurityEvents", "False"),
    WORDS("DataSecurityEvents", "1"),
    "AuditRecords | project Operation, UserId | where * has 'invoice' | count",
    "AuditRecords | project Operation, UserId | search 'invoice' | count",
    "search in (AuditRecords) 'invoice' | summarize count() by Operation",
    "search kind=case_sensitive in (AuditRecords) 'Invoice' | count",
    "search kind=case_sensitive in (AuditRecords) 'invoice' | count",
    "search in (AuditRecords, Odd_CL) 'AuditRecords' or 'odd_cl' | count",
    "search in (AuditRecords, Odd_CL, AzureDiagnostics) '443' or 'apples' | project _Seq",
    "search in (AuditRecords, AzureDiagnostics) '50126' and not('error') | project _Seq",
    "search in (OfficeActivity, SigninLogs, Odd_CL) 'sharepoint' | count",
    "search in (AuditRecords) Operation:'send' and 'invoice' | count",
    "find in (AuditRecords, Odd_CL) where * has 'apples' or * has 'invoice' | count",
    "OfficeActivity | search 'exchangeadmin' | count",
    "OfficeActivity | where * has 'Delegated' | count",
    "OfficeActivity | search '50' | count",
    "OfficeActivity | search 'invoice' | project RecordType, UserId",
    "OfficeActivity | where * has 'OfficeActivityManager' | count",
    LETS "OfficeActivity | where * has_cs I | count",
    "AuditRecords | project a = tostring(split(UserId, 'a')[1]) | where * has 'b' | count",
    "AuditRecords | project a = split(UserId, '.'), b = toupper(Operation) | search 'SEND' | count",
    "AuditRecords | project a = extract('([a-m]+)', 1, UserId) | where * has 'a' | count",
    "AuditRecords | project a = case(Operation == 'Send', 'zebra', UserId) | where * has 'zebra'"
    " | count",
    "AuditRecords | project a = iff(RecordType > 10, Operation, tostring(RecordType))"
    " | where * has '443' or * has 'send' | count",
    LETS "SigninLogs | where * has I | count",
    LETS "SigninLogs | where * has U | summarize count() by ResultType",
    "SigninLogs | where * has 'chrome' | count",
    "SigninLogs | search 'failureReason' | count",
    "SigninLogs | where * has 'safari' or * has 'aal2' | count",
    "AuditLogs | where * has 'role' | count",
    "AuditLogs | where * has 'displayName' | count",
    "search in (AuditLogs) 'Member' | count",
    /* few rows: the bag of each is made */
    LETS "CloudAppEvents | where ActionType == 'New-InboxRule' | where * has U | count",
    "CloudAppEvents | where ActionType == 'New-InboxRule' | where * has 'true' | count",
    "CloudAppEvents | where ActionType == 'New-InboxRule' | where * has 'ClientIP' | count",
    "CloudAppEvents | where ActionType == 'New-InboxRule'"
    " | summarize count() by tostring(RawEventData.Operation), tostring(RawEventData.UserId)",
    LETS "CloudAppEvents | where tostring(RawEventData.UserId) == U | project Id = ReportId",
    "CloudAppEvents | extend p = tostring(parse_json(RawEventData).Folders[0].Path), w = "
    "RawEventData.Workload | where p has 'inbox' | summarize count() by tostring(w), p",
    "CloudAppEvents | extend r = RawEventData | extend a = r.RecordType, z = r.NoSuchField"
    " | summarize count(), countif(isnull(z)) by tostring(a)",
    "AzureDiagnostics | project _Seq, rowcount_d, JobId_g, StartTime_s, TimeGenerated",
    "AzureDiagnostics | summarize count() by rowcount_d, JobId_g",
    "AzureDiagnostics | where StartTime_s == '[\"apples\"]' or StartTime_s =~ '{\"PEARS\":1}'"
    " | project _Seq",
    "AzureDiagnostics | where rowcount_d > 0 | project _Seq, rowcount_d",
    "AzureDiagnostics | search '443' | project _Seq",
    "AzureDiagnostics | search '1000017' | project _Seq",
    "Names_CL | mv-expand e = ['ids[]'] | where tostring(e) == 'a' | project _Seq",
    "Names_CL | mv-expand e = ['p[x]'] | where tostring(e.m) == 'c' | project _Seq",
    "Names_CL | mv-expand e = ['p[x]'] | mv-expand f = e.n | where tostring(f.i) == 'd'"
    " | project _Seq",
    "Names_CL | where tostring(['p[x]']) has 'c' | project _Seq",
    "Odd_CL | where TimeGenerated == datetime(2024-02-01T10:00:03) | project _Seq",
    /* elements that are objects */
    "Arrays_CL | mv-expand e = l | where tostring(e) == '{\"m\":\"2\"}' | project _Seq",
    "Arrays_CL | mv-expand e = l | mv-expand f = e.k | where tostring(f) in ('{}', '{\"i\":\"b\"}')"
    " | project _Seq",
    "Arrays_CL | mv-expand e = l | mv-expand f = e | where f.m == '2' | project _Seq",
    "Nested_CL | mv-expand e = l | mv-expand f = e | where f.k == 'x' | project _Seq",
    "Nested_CL | mv-expand l | mv-expand l | where tostring(l) == '{\"j\":\"y\"}' | project _Seq",
    "Nested_CL | mv-expand e = m | mv-expand f = e | where tostring(f) == 'x' | project _Seq",
    "Nested_CL | mv-expand kind=array e = l | mv-expand kind=array f = e"
    " | where tostring(f) == '[\"k\",\"x\"]' | project _Seq",
    "Blank_CL | mv-expand e = o | where tostring(e) in ('{}', 'z') | project _Seq",
    /* elements that the store gives */
#define ELEMENTS(TABLE)                                                                            \
    TABLE " | mv-expand e = l | summarize count(), dcount(s), max(_Seq) by tostring(e.m)",         \
        TABLE " | mv-expand l | where isnotempty(l) | summarize count() by tostring(l.m), s",      \
        TABLE " | mv-expand e = l | mv-expand f = e.k | summarize count() by s, tostring(f.i)",    \
        TABLE " | mv-expand e = l | mv-expand f = e.k | where isnotnull(f) and s == 'x'"           \
              " | summarize count_distinct(strcat(s, tostring(f.i))), count()",                    \
        TABLE " | where s == 'x' | mv-expand e = l | mv-expand f = e.k | where isempty(f)"         \
              " | summarize count(), countif(tostring(f.i) == '') by s",                           \
        TABLE " | where s != 'x' | mv-expand e = l | summarize count() by tostring(e.m)"
#define TERMS(WORD)                                                                                \
    WORDS("Terms_CL", WORD), "Terms_CL | where s has '" WORD "' | project _Seq",                   \
        "Terms_CL | where s has_cs '" WORD "' | project _Seq",                                     \
        "Terms_CL | where d has '" WORD "' | project _Seq",                                        \
        "Terms_CL | where tostring(d.a) has '" WORD "' | project _Seq",                            \
        "Terms_CL | where s hasprefix '" WORD "' | project _Seq",                                  \
        "Terms_CL | where s !has '" WORD "' | project _Seq",                                       \
        "Terms_CL | where s has_any ('nothing', '" WORD "') | project _Seq",                       \
        "Terms_CL | where s =~ '" WORD "' or s == '" WORD "' | project _Seq",                      \
        "Terms_CL | search '" WORD "' | project _Seq",                                             \
        "Terms_CL | project a = split(s, '–'), _Seq | search '" WORD "' | project _Seq"
    TERMS("password"),
    TERMS("PASSWORD"),
    TERMS("“password”"),
    TERMS("new–password"),
    TERMS("–password"),
    TERMS("–"),
    TERMS("12–34"),
    TERMS("34"),
    TERMS("10.20.30.40"),
    TERMS("reset"),
    TERMS("u201cpassword"),
    TERMS("été"),
    TERMS("отчёт"),
    TERMS("ПАРОЛЬ：《"),
    ELEMENTS("Arrays_CL"),
    ELEMENTS("Mixed_CL"),
};

#define QUERY_COUNT (sizeof(queries) / sizeof(queries[0]))

static void show_difference(struct slice want, struct slice got)
{
    struct slice a = {0};
    struct slice b = {0};
    bool more_a = true;
    bool more_b = true;

    while (more_a || more_b) {
        more_a = slice_next(&want, '\n', &a);
        more_b = slice_next(&got, '\n', &b);
        if (more_a == more_b && slice_equal(a, b))
            continue;
        print_error("  wanted %.*s\n  got    %.*s\n", SLICE_FMT(slice_head(a, 400)),
                    SLICE_FMT(slice_head(b, 400)));
        return;
    }
}

/* The answer as it is without hints and threads. */
static void reference(struct answers *a, const char *query, struct buf *ret)
{
    const struct query_request request = {
        .text = slice_of(query), .thread_count = 1, .no_pushdown = true};
    struct query_stats stats;
    struct error err;

    if (answers_ask(a, request, ret, &stats, &err) != STATUS_OK)
        fail_msg("%s\n%u:%u %s", query, err.line, err.column, err.text);
}

static unsigned differences(struct answers *a, const char *query, struct slice want)
{
    static const struct {
        uint32_t thread_count;
        bool no_pushdown;
    } ways[] = {{1, false}, {4, false}, {4, true}};
    unsigned count = 0;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const struct query_request request = {.text = slice_of(query),
                                              .thread_count = ways[i].thread_count,
                                              .no_pushdown = ways[i].no_pushdown};
        struct query_stats stats;
        struct error err;
        struct buf got;
        buf_init(&got, GIB);
        if (answers_ask(a, request, &got, &stats, &err) != STATUS_OK) {
            print_error("%s\n  %u threads: %s\n", query, ways[i].thread_count, err.text);
            count++;
        } else if (!slice_equal(want, buf_slice(&got))) {
            print_error("%s\n  %u threads, %s hints\n", query, ways[i].thread_count,
                        ways[i].no_pushdown ? "without" : "with");
            show_difference(want, buf_slice(&got));
            count++;
        }
        buf_release(&got);
    }
    return count;
}

static void hints_threads_and_sealing_change_no_answer(void **state)
{
    struct answers a;
    struct buf wants[QUERY_COUNT];
    struct error err;
    unsigned failures = 0;

    (void)state;
    answers_open(&a);
    answers_generate(&a, RECORDS);
    answers_lines(&a, "Odd_CL", odd_records);
    answers_lines(&a, "Terms_CL", term_records);
    answers_lines(&a, "Bare_CL", bare_records);
    answers_lines(&a, "Blank_CL", blank_records);
    answers_lines(&a, "Clock_CL", clock_records);
    answers_lines(&a, "Arrays_CL", array_records);
    answers_lines(&a, "Mixed_CL", mixed_records);
    answers_lines(&a, "Nested_CL", nested_records);
    answers_lines(&a, "Names_CL", name_records);
    answers_lines(&a, "AzureDiagnostics", typed_records);
    answers_lines(&a, "DataSecurityEvents", flag_records);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        buf_init(&wants[i], GIB);
        reference(&a, queries[i], &wants[i]);
        failures += differences(&a, queries[i], buf_slice(&wants[i]));
    }
    ASSERT_OK(store_flush(a.store, 2, &err));
    print_message("sealed\n");
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        struct buf now;
        buf_init(&now, GIB);
        reference(&a, queries[i], &now);
        if (!slice_equal(buf_slice(&now), buf_slice(&wants[i]))) {
            print_error("%s\n  sealed\n", queries[i]);
            show_difference(buf_slice(&wants[i]), buf_slice(&now));
            failures++;
        }
        failures += differences(&a, queries[i], buf_slice(&wants[i]));
        buf_release(&now);
        buf_release(&wants[i]);
    }
    answers_close(&a);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hints_threads_and_sealing_change_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
