# SPDX-License-Identifier: Apache-2.0
"""Queries that are meant to hurt, by what they attack: tables of name and text."""

T = 'AuditRecords'
LONG = 'let A = strrep(strrep(strrep("a", 1000), 1000), 15);'


def chain(count, format_, start=''):
    return start + ''.join(format_.format(i) for i in range(count))


# Too deep, too long: refused before anything runs.
SHAPES = {
    'parentheses': 'print ' + '(' * 100000 + '1' + ')' * 100000,
    'parentheses open': 'print ' + '(' * 200000,
    'not not not': 'print ' + 'not(' * 20000 + 'true' + ')' * 20000,
    'minus minus': 'print ' + '-' * 100000 + '1',
    'plus': 'print ' + '+'.join(['1'] * 60000),
    'or': f'{T} | where ' + ' or '.join(['UserId == "a"'] * 10000),
    'and': f'{T} | where ' + ' and '.join(['UserId == "a"'] * 10000),
    'or in brackets': f'{T} | where ' + '(UserId == "a" or ' * 5000 + 'true' + ')' * 5000,
    'text': 'print "' + 'a' * 300000 + '"',
    'one megabyte': f'{T} | where UserId == "' + 'x' * (1 << 20) + '"',
    'pipes': T + ' | where true' * 15000,
    'extends': T + chain(3000, ' | extend c{} = 1'),
    'project of 5000': f'{T} | project ' + ', '.join(f'c{i} = 1' for i in range(5000)),
    'in of 30000': f'{T} | where UserId in (' + ','.join(['"a"'] * 30000) + ')',
    'in of 9000': f'{T} | where UserId in (' + ','.join(f'"u{i}"' for i in range(9000)) + ')',
    'case of 9000': 'print case(' + 'true,1,' * 9000 + '2)',
    'iff in iff': 'print ' + 'iff(true,' * 3000 + '1' + ',2)' * 3000,
    'subqueries': '(' * 3000 + T + ')' * 3000,
    'union in union': 'union (' * 1500 + T + ')' * 1500,
    'join in join': T + f' | join ({T}' * 1000 + ' | take 1) on Id' * 1000,
    'datatable': 'datatable(a:long)[' + '1,' * 80000 + '1]',
    'dynamic depth': 'print dynamic(' + '[' * 50000 + ']' * 50000 + ')',
    'dynamic string depth': "print parse_json('" + '[' * 50000 + ']' * 50000 + "')",
    'indexes': 'print dynamic({})' + '[0]' * 50000,
    'members': 'print dynamic({})' + '.a' * 50000,
    'lets': chain(9000, 'let a{0} = {0};') + 'print a1',
    'comments': '//' + 'x' * 200000 + '\nprint 1',
    'semicolons': ';' * 200000 + 'print 1',
    'nul': 'print "a\0b"',
    'only blanks': ' ' * 200000,
    'open string': 'print "' + 'abc' * 1000,
    'open verbatim string': "print @'" + 'abc' * 1000,
    'half a surrogate': 'print "\\ud800"',
    'let doubling': 'let a0 = 1;' + ''.join(
        f'let a{i + 1} = a{i} + a{i};' for i in range(60)) + 'print a60',
    'let doubling of tables': f'let t0 = {T};' + ''.join(
        f'let t{i + 1} = union t{i}, t{i};' for i in range(40)) + 't40 | count',
    'functions doubling': 'let f0 = (x:long) { x };' + ''.join(
        f'let f{i + 1} = (x:long) {{ f{i}(x) + f{i}(x) }};' for i in range(60)) + 'print f60(1)',
    'functions that call themselves': 'let f = (x:long) { f(x) }; print f(1)',
    'functions that call each other':
        'let f = (x:long) { g(x) }; let g = (x:long) { f(x) }; print f(1)',
    'tables of functions': 'let f = (T:(*)) { T | union T };' + T + ' | invoke f()' * 40,
    'let of itself': f'let {T} = {T} | union {T}; {T} | count',
    'toscalar in toscalar': 'print ' + 'toscalar(print ' * 2000 + '1' + ')' * 2000,
    'toscalar chain': 'let a0 = 1;' + ''.join(
        f'let a{i + 1} = toscalar({T} | count) + a{i};' for i in range(300)) + 'print a300',
    'aggregates without names': f'{T} | summarize ' + ', '.join(['count()'] * 9000),
    'sort by 20000 keys': f'{T} | sort by ' + ', '.join(['UserId'] * 20000),
    'sort by 900 keys': f'{T} | sort by ' + ', '.join(
        f'strcat("a{i}", Workload)' for i in range(900)),
    'lets of tables': chain(
        3000, 'let t{0} = view () {{ ' + T + ' | where UserId has "a" | take {0} }};') + 'union t*',
    'fork in fork': 'print 1 | ' + 'fork(' * 20000 + 'count' + ')' * 20000,
    'mv-apply too deep': 'print x = 1 | ' + 'mv-apply x on(' * 15000 + 'count' + ')' * 15000,
    'partition too deep': 'print x = 1 | ' + 'partition by x(' * 15000 + 'count' + ')' * 15000,
    'facet too deep': 'print x = 1 | ' + 'facet by x with(' * 13000 + 'count' + ')' * 13000,
    'a graph in brackets': 'print x = 1 | make-graph ' + '(' * 100000 + ')' * 100000,
    'rows in brackets': 'print x = ' + '(' * 12 + '1' + ('*1' * 900 + '+1' * 900 + ')') * 12,
    'members in brackets': 'print d = dynamic({}) | project ' + '(' * 60 + 'd'
    + ('.a' * 190 + ')') * 60,
    'members in quotes': 'print d = dynamic({}) | project d' + "['a']" * 45000,
    'functions of rows': 'let f = (x:long) { x' + '+1' * 900
    + ' }; range n from 1 to 1 step 1 | project y = ' + 'f(' * 30 + 'n' + ')' * 30,
    'calls in calls of functions': 'let g=(x:long){x};let f0=(x:long){x};' + ''.join(
        f'let f{i + 1}=(x:long){{' + 'g(' * 60 + f'f{i}(x)' + ')' * 60 + '};'
        for i in range(60)) + 'print f60(1)',
    'unions in functions': 'let f0=(){print 1};' + ''.join(
        f'let f{i + 1}=(){{' + 'union(' * 90 + f'f{i}' + ')' * 90 + '};'
        for i in range(60)) + 'f60',
    'functions that end in a let': 'let f0=(){print 1};' + ''.join(
        f'let f{i + 1}=(){{let a=f{i}();a}};' for i in range(5500)) + 'f5500',
    'a chain of cells': 'let m0=materialize(print 1);' + ''.join(
        f'let m{i + 1}=materialize(m{i});' for i in range(7500)) + 'm7500',
    'materialize in materialize': 'materialize(' * 2000 + T + ')' * 2000,
}

# More rows or bytes than anybody has.
GROWTH = {
    'range of 10^12': 'range x from 1 to 1000000000000 step 1 | count',
    'range backwards': 'range x from 1 to -1000000000000 step -1 | summarize sum(x)',
    'range with step 0': 'range x from 1 to 10 step 0',
    'range overflow': 'range x from 9223372036854775800 to 9223372036854775807 step 5',
    'range of time': 'range x from datetime(0001-01-01) to datetime(9999-12-31) step 1tick'
                     ' | summarize max(x)',
    'range to the result': 'range x from 1 to 100000000 step 1',
    'range sorted': 'range x from 1 to 100000000 step 1 | sort by x desc',
    'range distinct': 'range x from 1 to 100000000 step 1 | distinct x | count',
    'range summarize': 'range x from 1 to 100000000 step 1 | summarize count() by x',
    'range function': 'print range(1, 1000000000000, 1)',
    'range function length': 'print array_length(range(1, 100000000, 1))',
    'range of ranges': 'range x from 1 to 1000 step 1 | extend y = range(1, 1000000, 1)'
                       ' | mv-expand y | count',
    'cross join': f'{T} | extend k = 1 | join kind=inner ({T} | extend k = 1) on k | count',
    'cross join of ranges': 'range x from 1 to 10000000 step 1 | extend k = 1 | join kind=inner '
                            '(range y from 1 to 10000000 step 1 | extend k = 1) on k | count',
    'join of all kinds': f'{T} | join kind=fullouter ({T}) on Workload | count',
    'left join': f'{T} | extend k = 1 | join kind=leftouter ({T} | extend k = 1) on k',
    'joins in a row': f'{T} | extend k = 1' + f' | join kind=inner ({T} | extend k = 1) on k' * 8,
    'join anti': f'{T} | join kind=anti ({T} | extend Id = strcat(Id, "x")) on Id | count',
    'lookup': f'{T} | extend k = 1 | lookup ({T} | extend k = 1) on k | count',
    'self union': f'union {", ".join([T] * 200)} | count',
    'union of unions': f'union (union {", ".join([T] * 20)}), (union {", ".join([T] * 20)})'
                       ' | sort by Id asc',
    'union *': 'union *, *, *, * | sort by TimeGenerated desc | count',
    'union withsource': 'union withsource = S * | summarize make_list(pack_all()) by S',
    'search everything': 'search "e" | sort by $table asc',
    'search *': 'search * | count',
    'find': 'find where UserId has "a" | count',
    'mv-expand': f'{T} | extend a = range(1, 100000, 1) | mv-expand a | count',
    'mv-expand twice': f'{T} | extend a = range(1, 1000, 1), b = range(1, 1000, 1)'
                       ' | mv-expand a | mv-expand b | count',
    'mv-expand chained': 'print a = range(1, 1000, 1)' + ''.join(
        f' | extend b{i} = a | mv-expand b{i}' for i in range(6)) + ' | count',
    'mv-expand of bags': f'{T} | mv-expand kind=array b = pack_all() | mv-expand c = b | count',
    'mv-apply': f'{T} | extend a = range(1, 100000, 1) | mv-apply a on (summarize sum(tolong(a)))'
                ' | count',
    'mv-apply in mv-apply': 'range x from 1 to 1000 step 1 | extend a = range(1, 1000, 1)'
                            ' | mv-apply a on (extend c = range(1, 1000, 1)'
                            ' | mv-apply c on (count)) | count',
    'mv-apply of rows read twice each': 'print a = range(1, 1000, 1), z = 1'
                                        ' | mv-apply e = a to typeof(long) on (' + ' | '.join(
        f'top-nested 1 of e by n{i} = max(e), top-nested 1 of z by m{i} = max(e) | project e, z'
        for i in range(60)) + ')',
    'make_list': 'range x from 1 to 50000000 step 1 | summarize make_list(x)',
    'make_list of records': f'union {", ".join([T] * 50)} | summarize make_list(pack_all())',
    'make_set': 'range x from 1 to 50000000 step 1 | summarize make_set(tostring(x))',
    'make_bag': 'range x from 1 to 10000000 step 1 | summarize make_bag(pack(tostring(x), x))',
    'make_bag of many keys':
        'range x from 1 to 100000 step 1 | summarize make_bag(bag_pack('
        + ', '.join(f'strcat("{letter}", x), 0' for letter in 'abcdefghijklmnopqrst') + '))',
    'make_list of lists': 'range x from 1 to 10000 step 1 | extend y = range(1, 10000, 1)'
                          ' | summarize make_list(y)',
    'make-series': 'range x from 1 to 1000 step 1 | extend t = datetime(2024-01-01) + x * 1d'
                   ' | make-series count() on t from datetime(2000-01-01)'
                   ' to datetime(2030-01-01) step 1ms',
    'summarize by everything': f'union {", ".join([T] * 30)} | extend r = rand()'
                               ' | summarize count() by Id, r',
    'dcount': 'range x from 1 to 100000000 step 1 | summarize dcount(x), count_distinct(x)',
    'percentiles': 'range x from 1 to 100000000 step 1 | summarize percentiles(x, 1, 50, 99)',
    'arg_max *': f'union {", ".join([T] * 30)} | summarize arg_max(TimeGenerated, *) by Id',
    'top': 'range x from 1 to 100000000 step 1 | top 100000000 by x desc',
    'top-nested':
        f'{T} | top-nested 100000 of Id by count(), top-nested 100000 of UserId by count()',
    'serialize': 'range x from 1 to 100000000 step 1 | serialize n = row_number() | count',
    'row_cumsum': 'range x from 1 to 100000000 step 1 | serialize s = row_cumsum(x) | count',
    'prev far': f'{T} | serialize p = prev(Id, 1000000000) | count',
    'partition': f'{T} | partition by Id (top 1 by TimeGenerated)',
    'scan': f'{T} | sort by TimeGenerated asc | scan with (step s1: true; step s2: true;)',
    'bag_unpack': 'range x from 1 to 5000 step 1 | extend b = pack(strcat("c", x), x)'
                  ' | evaluate bag_unpack(b)',
    'pivot': 'range x from 1 to 100000 step 1 | extend c = strcat("c", x) | evaluate pivot(c)',
    'strcat grows': 'print s0 = "0123456789abcdef"' + ''.join(
        f' | extend s{i + 1} = strcat(s{i}, s{i}, s{i}, s{i})' for i in range(20))
        + ' | project strlen(s20)',
    'one long key': 'range i from 1 to 4000 step 1 | extend one = 1 | join kind=inner ('
                    'print one = 1, k = strrep(strrep("abcdefghijklmno", 1000), 1000)) on one'
                    ' | summarize count() by k',
    'sort of rows that share long texts':
        f'{LONG} range x from 1 to 4096 step 1 | extend s = iff(x % 2 == 0, A, strcat(A, "b"))'
        ' | sort by x desc | summarize max(strlen(s))',
    'rank of rows that share long texts':
        f'{LONG} union (print s = strcat(A, "b")), (print s = strcat(A, "c"))'
        ' | extend x = range(1, 4096, 1) | mv-expand x to typeof(long) | sort by x asc'
        ' | extend d = row_rank_dense(s), m = row_rank_min(A) | summarize max(d), max(m)',
    'strcat of records':
        f'{T} | extend s = strrep(strrep(Id, 1000), 10) | extend t = strcat(s, s, s)'
                         ' | summarize make_list(t)',
    'strrep': 'print strrep("a", 1000000000000)',
    'strrep of strrep': 'print strlen(strrep(strrep(strrep("abcdefgh", 1024), 1024), 1024))',
    'replace grows': 'print s0 = "aaaaaaaaaaaaaaaa"' + ''.join(
        f' | extend s{i + 1} = replace_string(s{i}, "a", "aaaaaaaaaa")' for i in range(20))
        + ' | project strlen(s20)',
    'replace_regex grows': 'print s = strrep(strrep("a", 1000), 1000)'
                           ' | extend t = replace_regex(s, @"(a)", '
                           '@"\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1")'
                           ' | extend u = replace_regex(t, @"(a)", '
                           '@"\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1")',
    'split': 'print array_length(split(strrep(strrep(strrep("a,", 1000), 1000), 4), ","))',
    'split by nothing': f'{T} | extend a = split(strrep(Id, 1000), "") | count',
    'extract_all':
        f'{T} | extend a = extract_all(@"(.)", strrep(strrep(Id, 1000), 10)) | '
        f'summarize make_list(a)',
    'strcat_array': 'print strlen(strcat_array(range(1, 1000000, 1), strrep(",", 1000)))',
    'array_concat grows': 'print a0 = range(1, 1000, 1)' + ''.join(
        f' | extend a{i + 1} = array_concat(a{i}, a{i}, a{i}, a{i})' for i in range(15))
        + ' | project array_length(a15)',
    'pack grows': 'print a0 = dynamic({"a":1})' + ''.join(
        f' | extend a{i + 1} = pack("x", a{i}, "y", a{i}, "z", a{i})' for i in range(25)),
    'bag_merge': f'{T} | extend b = bag_merge(pack_all(), pack_all()) | summarize make_bag(b)',
    'array_sort': 'print array_sort_asc(range(1, 1000000, 1))',
    'array_rotate': 'print array_rotate_left(range(1, 1000000, 1), -9223372036854775808)',
    'array_iff': f'{T} | extend a = array_iff(repeat(true, 100000), 1, 0) | summarize make_list(a)',
    'repeat': 'print repeat(1, 1000000000000)',
    'repeat of repeat': 'print repeat(repeat(repeat(1, 1000), 1000), 1000)',
    'series_stats': 'print series_stats(range(1, 1000000, 1))',
    'series_fir': 'print series_fir(range(1, 1000000, 1), range(1, 1000000, 1))',
    'set_union': f'{T} | summarize s = make_set(Id) | extend t = set_union(s, s, s), '
                 'u = set_difference(s, s), v = set_intersect(s, s)',
    'jaccard': f'{T} | summarize s = make_set(Id) | extend d = jaccard_index(s, s)',
    'zip': 'print zip(range(1, 1000000, 1), range(1, 1000000, 1), range(1, 1000000, 1))',
    'base64':
        f'{T} | extend s = base64_encode_tostring(strrep(strrep(Id, 1000), 100)) | '
        f'summarize max(s)',
    'hash': f'{T} | extend h = hash_sha256(strrep(strrep(Id, 1000), 100)) | summarize dcount(h)',
    'parse_xml':
        "print parse_xml(strcat(strrep(strrep('<a>', 1000), 100), strrep(strrep('</a>', 1000), "
        "100)))",
    'parse_json long':
        'print parse_json(strcat("[", strrep(strrep(strrep("1,", 1000), 1000), 5), "1]"))',
    'parse_csv': 'print parse_csv(strrep(strrep(strrep("a,", 1000), 1000), 5))',
    'parse_url':
        'print parse_url(strcat("http://a/?", strrep(strrep(strrep("a=b&", 1000), 1000), 3)))',
    'parse operator': f'{T} | parse strrep(Id, 1000) with a "-" b "-" c "-" d "-" e "-" * | count',
    'ipv4': f'{T} | where ipv4_is_in_any_range(ClientIP, '
            + ','.join(f'"10.{i % 256}.0.0/16"' for i in range(3000)) + ') | count',
    'format_datetime': f'print format_datetime(now(), "{"y" * 100000}")',
    'substring':
        'print substring(strrep(strrep("a", 1000), 1000), -9223372036854775808, '
        '9223372036854775807)',
    'indexof':
        'print indexof(strrep(strrep(strrep("a", 1000), 1000), 8), '
        'strcat(strrep(strrep(strrep("a", 1000), 1000), 4), "b"))',
    'contains': f'{T} | extend s = strrep(strrep("a", 1000), 100) '
                f'| where s contains "{"a" * 5000}b" | count',
    'has_any':
        f'{T} | where UserId has_any (' + ','.join(f'"u{i}"' for i in range(9000)) + ') | count',
    'has_any of letters':
        f'{T} | where ' + ' or '.join(
            'UserId has_any (' + ','.join(f'"é{j * 256 + i}"' for i in range(256)) + ')'
            for j in range(90)) + ' | count',
    'tolower': f'{T} | extend s = toupper(strrep(strrep(Id, 1000), 100)) | summarize max(s)',
    'translate':
        f'{T} | extend s = translate("abc", "def", strrep(strrep(Id, 1000), 100)) | '
        f'summarize max(s)',
    'string_size':
        'print string_size(strrep(strrep(strrep(strrep("a", 1000), 1000), 16), 16000000))',
}

# Patterns that are slow elsewhere.
PATTERNS = {
    'nested plus':
        f"{T} | where strcat(strrep(strrep('a', 1000), 30), '!') matches regex @'^(a+)+$' | count",
    'alternatives': f"{T} | where Id matches regex @'(a|a|aa|aaa)*$' | count",
    'counted': f"{T} | where Id matches regex @'((a{{0,100}}){{0,100}}){{0,100}}' | count",
    'counted a lot': f"{T} | where Id matches regex @'(a{{1000}}){{1000}}' | count",
    'ten thousand words': f"{T} | where UserId matches regex @'"
                          + '|'.join(f'word{i}' for i in range(10000)) + "' | count",
    'classes': f"{T} | where UserId matches regex @'" + r'[\p{L}\p{N}]' * 3000 + "' | count",
    'dots': f"{T} | where strrep(Id, 300) matches regex @'" + '.*' * 2000 + "x$' | count",
    'not closed': f"{T} | where Id matches regex @'((((' | count",
    'parentheses': f"{T} | where Id matches regex @'" + '(' * 50000 + ')' * 50000 + "' | count",
    'pattern from data': f'{T} | where Id matches regex strcat(Id, "(a+)+$") | count',
    'extract from data': f'{T} | extend x = extract(strcat("(", Id, ".*)+"), 0, strrep(Id, 100))'
                         ' | count',
    'replace from data':
        f'{T} | extend x = replace_regex(strrep(Id, 100), strcat("[", Id, "]"), Id)'
                         ' | count',
    'parse kind=regex': f"{T} | parse kind=regex Id with @'(.*)*' a @'(.*)*' b @'(.*)*' | count",
}

# Numbers at their ends, names that do not exist, doors that are not there.
ENDS = {
    'long overflow': 'print 9223372036854775807 + 1, -9223372036854775808 / -1, '
                     '-9223372036854775808 % -1, 1 / 0, 1 % 0',
    'shifts': 'print binary_shift_left(1, 1000), binary_shift_right(1, -1), binary_not(0)',
    'time overflow': 'print datetime(9999-12-31) + 10000000d, datetime(0001-01-01) - 1d, '
                     '1d * 1e300, now() + time(10675199d)',
    'bin by 0': f'{T} | summarize count() by bin(TimeGenerated, 0s)',
    'bin by tick': f'{T} | summarize count() by bin(TimeGenerated, 1tick)',
    'bin of ends': 'print bin(9223372036854775807, -1), bin(-9223372036854775808, 10)',
    'decimal': 'print decimal(1e300), decimal(99999999999999999999) * decimal(1e28)',
    'real': 'print exp(1e308), log(-1), sqrt(-1), pow(10, 400), tolong(1e300), toint(1e300)',
    'gamma': 'print gamma(1e308), loggamma(-1), factorial(1000000000)',
    'take too many': f'{T} | take 9223372036854775807 | count',
    'take less than none': f'{T} | take -1',
    'sample': f'{T} | sample 9223372036854775807 | count',
    'externaldata': 'externaldata(a:string)["https://127.0.0.1/"] | count',
    'file': 'externaldata(a:string)["file:///etc/passwd"] | count',
    'python': f'{T} | evaluate python(typeof(*), "import os")',
    'http_request': 'evaluate http_request("https://127.0.0.1/")',
    'command': '.show tables',
    'drop': '.drop table AuditRecords',
    'cluster': 'cluster("x").database("y").AuditRecords | count',
    'workspace': 'workspace("x").AuditRecords | count',
    'adx': 'adx("x").AuditRecords | count',
    'sql': "SELECT * FROM tenants; --",
    'path': '["../../control.db"] | count',
    'set': 'set notruncation; set maxmemoryconsumptionperiterator=68719476736;'
           ' range x from 1 to 100000000 step 1',
    'declare': 'declare query_parameters(x:long); print x',
    'nothing': '',
    'bytes': 'print \x7f\x01\x02',
    'other quotes': 'print ‘a’',
}

# What the operators and functions of tables at large can be made to do.
OPERATORS = {
    'reduce': f'{T} | reduce by Id',
    'reduce of numbers': 'range x from 1 to 10000000 step 1 | extend s = tostring(x) | reduce by s',
    'reduce of long texts': f'{T} | extend s = strrep(strrep(strcat(Id, " "), 1000), 10)'
                            ' | reduce by s with threshold=0',
    'reduce of words': 'range x from 1 to 100000 step 1'
                       ' | extend s = strcat(x, " ", x % 7, " ", x % 11, " ", x % 13)'
                       ' | reduce by s with threshold=0.01',
    'partition of many': 'range x from 1 to 1000000 step 1 | partition by x (top 1 by x)',
    'partition with braces': f'{T} | partition by Id {{ {T} | count }}',
    'partition hint': f'{T} | partition hint.strategy=native by Id'
                      ' (sort by TimeGenerated asc | extend n = row_number())',
    'partition in partition': f'{T} | partition by UserId'
                              ' (partition by Operation (top 1 by TimeGenerated))',
    'partition that grows': f'{T} | partition by UserId'
                            ' (extend a = range(1, 100000, 1) | mv-expand a)',
    'top-nested levels': f'{T} | top-nested 1000000 of Id by count()'
                         + ', top-nested 1000000 of UserId by count()' * 8,
    'top-nested of all': f'{T} | top-nested of Id by count(),'
                         ' top-nested of TimeGenerated by count(), top-nested of UserId by count()',
    'top-nested of numbers': 'range x from 1 to 5000000 step 1'
                             ' | top-nested 5000000 of x by sum(x)',
    'top-hitters': 'range x from 1 to 50000000 step 1 | top-hitters 1000000 of x',
    'sample-distinct': 'range x from 1 to 50000000 step 1 | sample-distinct 50000000 of x | count',
    'sample of all': 'range x from 1 to 50000000 step 1 | sample 50000000 | count',
    'make-series of 10^12 bins': f'{T} | make-series count() on TimeGenerated'
                                 ' from datetime(2000-01-01) to datetime(2031-09-09) step 1ms',
    'make-series of ticks': f'{T} | make-series count() on TimeGenerated'
                            ' from datetime(0001-01-01) to datetime(9999-12-31) step 1tick',
    'make-series by all': f'{T} | make-series count() on TimeGenerated from datetime(2000-01-01)'
                          ' to datetime(2030-01-01) step 1h by Id',
    'make-series of numbers': 'range x from 1 to 1000 step 1'
                              ' | make-series sum(x) on x from 0 to 1000000000000 step 1',
    'make-series step 0': f'{T} | make-series count() on TimeGenerated step 0s',
    'make-series backwards': f'{T} | make-series count() on TimeGenerated'
                             ' from datetime(2030-01-01) to datetime(2000-01-01) step -1ms',
    'make-series in a range': f'{T} | make-series count() on TimeGenerated'
                              ' in range(datetime(1900-01-01), datetime(2100-01-01), 1s)',
    'parse-kv': f'{T} | extend s = strrep(strrep("a=1,", 1000), 10)'
                ' | parse-kv s as (a:long, b:string) with (pair_delimiter=",", kv_delimiter="=")'
                ' | count',
    'parse-kv of many names': f'{T} | parse-kv Id as ('
                              + ', '.join(f'k{i}:string' for i in range(900))
                              + ') with (pair_delimiter=" ", kv_delimiter="=") | count',
    'parse-kv with a pattern': f"{T} | extend s = strrep(Id, 300)"
                               " | parse-kv s as (a:string) with (regex=@'(.*)(.*)') | count",
    'parse-kv with quotes': 'print s = strrep(strrep(\'a="b\', 1000), 1000)'
                            ' | parse-kv s as (a:string) with'
                            ' (pair_delimiter=" ", kv_delimiter="=", quote=\'"\')',
    'parse-where': f'{T} | parse-where strrep(Id, 1000) with * "-" a "-" b "-" c "-" * | count',
    'parse of stars': f'{T} | extend s = strrep(Id, 1000) | parse s with '
                      + ' '.join(f'* "-" a{i}' for i in range(100)) + ' * | count',
    'scan of all': f'union {", ".join([T] * 20)} | sort by TimeGenerated asc'
                   ' | scan declare (s:string = "") with (step a: true => s = strcat(a.s, Id);)'
                   ' | count',
    'scan of many steps': f'{T} | sort by TimeGenerated asc | scan with ('
                          + ' '.join(f'step s{i}: true;' for i in range(99)) + ') | count',
    'scan of many steps and columns': 'range x from 1 to 4096 step 1 | scan declare ('
                                      + ', '.join(f'c{i}:long' for i in range(500)) + ') with ('
                                      + ' '.join(f'step s{i} output=none: true;'
                                                 for i in range(99)) + ') | count',
    'scan to the end': 'range x from 1 to 50000000 step 1 | scan declare (n:long = 0)'
                       ' with (step a: true => n = n + a.n;) | where n < 0',
    'scan with match ids': f'{T} | sort by Id asc | scan with_match_id = m'
                           ' with (step a output=none: true; step b output=none: true;) | count',
    'scan that collects': f'{T} | sort by Id asc | scan declare (l:dynamic)'
                          ' with (step a: true => l = array_concat(a.l, pack_array(Id));) | count',
    'fork': f'{T} | fork (count) (summarize make_list(Id)) (sort by Id asc)',
    'fork of many': f'{T} | fork ' + '(count) ' * 900,
    'fork in fork': f'{T} | fork (fork (fork (count) (count)) (count)) (count)',
    'fork that grows': f'{T} | fork (extend a = range(1, 10000, 1) | mv-expand a | count)'
                       ' (extend a = range(1, 10000, 1) | mv-expand a | count)',
    'facet': f'{T} | facet by Id, UserId, TimeGenerated with (sort by Id asc)',
    'facet of many': f'{T} | facet by ' + ', '.join(['Id'] * 300),
    'declare pattern': 'declare pattern p = (a:string) { '
                       + ' '.join(f'("{i}") = {{ print {i} }};' for i in range(3000))
                       + ' }; p("2999")',
    'declare pattern of itself': 'declare pattern p = (a:string) { ("x") = { p("x") }; }; p("x")',
    'declare pattern that doubles': f'declare pattern p = (a:string) {{ ("x") = {{ {T} }}; }};'
                                    f' union {", ".join(["p(chr)"] * 20)} | count'.replace(
                                        'chr', '"x"'),
    'watchlist': '_GetWatchlist("nothing") | count',
    'watchlist up and away': '_GetWatchlist("../../../etc/passwd")',
    'watchlist of a long name': '_GetWatchlist("' + 'w' * 100000 + '")',
    'watchlist many times': 'union ' + ', '.join(['_GetWatchlist("nothing")'] * 500),
    'watchlist names': '_GetWatchlistAlias() | count',
    'as': f'{T} | as a | union a, a, a | sort by Id asc | count',
    'as many times': f'{T}' + chain(300, ' | as a{}') + ' | count',
    'invoke many times': 'let f = (T:(Id:string)) { T | extend Id = strcat(Id, Id) };'
                         f' {T} | project Id' + ' | invoke f()' * 60 + ' | count',
    'getschema many times': f'{T}' + ' | getschema' * 500,
    'distinct *': f'union {", ".join([T] * 50)} | extend r = rand() | distinct *',
    'project-reorder': f'{T} | project-reorder ' + ', '.join(['*'] * 2000),
    'project-rename in circles': f'{T}' + chain(1000, ' | project-rename a{0} = Id')
                                 + ' | count',
    'summarize of many': f'{T} | summarize '
                         + ', '.join(f'a{i} = make_set(Id)' for i in range(200)),
    'summarize of too many': f'{T} | summarize '
                             + ', '.join(f'a{i} = count()' for i in range(5000)),
    'summarize by many': f'{T} | summarize by '
                         + ', '.join(f'k{i} = strcat(Id, {i})' for i in range(300)) + ' | count',
    'summarize bins of nothing': f'{T} | summarize count() by bin(TimeGenerated, 1d * 0)',
    'mv-expand of a limit': f'{T} | extend a = range(1, 1000000, 1)'
                            ' | mv-expand a limit 9223372036854775807 | count',
    'mv-expand with index': f'{T} | extend a = range(1, 100000, 1)'
                            ' | mv-expand with_itemindex=i a | summarize sum(i)',
    'mv-expand of many': f'print a = range(1, 1000000, 1) | mv-expand '
                         + ', '.join(f'b{i} = a' for i in range(500)) + ' | count',
    'mv-apply with a subquery': f'{T} | mv-apply x = range(1, 1000, 1) on'
                                f' (where toscalar({T} | count) > 0 | count) | count',
    'sort by many': f'union {", ".join([T] * 50)} | sort by '
                    + ', '.join(f'strcat(Id, {i}) asc' for i in range(100)) + ' | count',
    'top of texts': f'union {", ".join([T] * 50)}'
                    ' | extend s = strrep(Id, 1000) | top 1000000 by s | count',
    'union of wildcards': 'union isfuzzy=true ' + ', '.join(['*'] * 200) + ' | count',
    'union of what is not there': 'union isfuzzy=true '
                                  + ', '.join(f'nothing{i}' for i in range(2000)) + ' | count',
    'search of many': 'search "a" or "b" or "c" or "d" or "e" | summarize make_list(pack_all())',
    'search in itself': f'search in ({", ".join([T] * 300)}) "e" | count',
    'find of columns': 'find in (*) where * has "a" project pack_all() | sort by Id asc',
    'render': f'{T} | extend a = range(1, 100000, 1) | mv-expand a | render timechart',
    'range of reals': 'range x from 0.0 to 1e300 step 1e-300 | count',
    'range of nan': 'range x from real(nan) to 10.0 step 1.0 | count',
    'range to infinity': 'range x from 1.0 to real(+inf) step 1.0 | count',
    'range of less than nothing': 'range x from 1.0 to 2.0 step 1e-320 | count',
    'externaldata of many': 'externaldata(' + ', '.join(f'c{i}:string' for i in range(2000))
                            + ')["https://127.0.0.1/"]',
    'datatable of many columns': 'datatable(' + ', '.join(f'c{i}:long' for i in range(3000))
                                 + ')[]',
}

# Plugins.
PLUGINS = {
    'activity_engagement': f'{T} | evaluate activity_engagement(UserId, TimeGenerated,'
                           ' datetime(1900-01-01), datetime(2100-01-01), 1s, 7d)',
    'activity_engagement, tiny': f'{T} | evaluate activity_engagement(UserId, TimeGenerated,'
                                 ' datetime(2020-01-01), datetime(2030-01-01), 1tick, 3650d)',
    'activity_engagement of nothing': f'{T} | evaluate activity_engagement(UserId, TimeGenerated,'
                                      ' 0s, 0s)',
    'activity_metrics': f'{T} | evaluate activity_metrics(Id, TimeGenerated,'
                        ' datetime(2000-01-01), datetime(2030-01-01), 1s)',
    'activity_counts_metrics': f'{T} | evaluate activity_counts_metrics(Id, TimeGenerated,'
                               ' datetime(2000-01-01), datetime(2030-01-01), 1s)',
    'activity_counts_metrics by all': f'{T} | evaluate activity_counts_metrics(Id, TimeGenerated,'
                                      ' datetime(2000-01-01), datetime(2030-01-01), 1d,'
                                      ' UserId, Id)',
    'active_users_count': f'{T} | evaluate active_users_count(UserId, TimeGenerated,'
                          ' datetime(1900-01-01), datetime(2100-01-01), 1s, 36500d, 1, 1s)',
    'sliding_window_counts': f'{T} | evaluate sliding_window_counts(UserId, TimeGenerated,'
                             ' datetime(1900-01-01), datetime(2100-01-01), 36500d, 1s)',
    'rolling_percentile': 'range x from 1 to 1000000 step 1'
                          ' | evaluate rolling_percentile(x, 50, x, 1, 1000000)',
    'rows_near': 'range x from 1 to 10000000 step 1 | sort by x asc'
                 ' | evaluate rows_near(true, 1000000)',
    'rows_near of ends': f'{T} | sort by Id asc'
                         ' | evaluate rows_near(true, 9223372036854775807, 9223372036854775807)',
    'dcount_intersect': f'{T} | summarize a = hll(Id), b = hll(UserId), c = hll(Operation)'
                        ' | evaluate dcount_intersect(a, b, c)',
    'dcount_intersect of sixteen': 'range x from 1 to 200000 step 1 | summarize h = hll(x)'
                                   ' | extend k = range(1, 1000, 1) | mv-expand k'
                                   f' | evaluate dcount_intersect({", ".join(["h"] * 16)})'
                                   ' | count',
    'dcount_intersect of what is none': 'print a = dynamic([1, 2, 3]), b = dynamic("x")'
                                        ' | evaluate dcount_intersect(a, b)',
    'narrow': f'union {", ".join([T] * 50)} | evaluate narrow() | count',
    'narrow in a row': f'{T}' + ' | evaluate narrow()' * 20 + ' | count',
    'pivot of ids': f'{T} | evaluate pivot(Id)',
    'pivot with lists': f'{T} | evaluate pivot(Operation, make_list(pack_all()))',
    'bag_unpack of records': f'{T} | extend b = pack(Id, Id) | evaluate bag_unpack(b)',
    'bag_unpack of long names': 'print b = parse_json(strcat("{\\"", strrep(strrep("n", 1000),'
                                ' 1000), "\\":1}")) | evaluate bag_unpack(b)',
    'bag_unpack twice': f'{T} | extend b = pack("a", pack("b", Id))'
                        ' | evaluate bag_unpack(b) | evaluate bag_unpack(a)',
    'ipv4_lookup': f'{T} | evaluate ipv4_lookup((range x from 0 to 255 step 1'
                   ' | extend net = strcat("10.", x, ".0.0/16")), ClientIP, net) | count',
    'ipv4_lookup of many': f'{T} | evaluate ipv4_lookup((range x from 0 to 10000000 step 1'
                           ' | extend net = "0.0.0.0/0"), ClientIP, net) | count',
    'ipv6_lookup of many': f'{T} | evaluate ipv6_lookup((range x from 0 to 10000000 step 1'
                           ' | extend net = "::/0"), ClientIP, net) | count',
    'schema_merge': f'union {", ".join([f"({T} | getschema)"] * 50)} | evaluate schema_merge()',
    'preview': f'{T} | evaluate preview(9223372036854775807)',
    'identity many times': f'{T}' + ' | evaluate identity()' * 300 + ' | count',
    'geo_polygon_lookup': f'{T} | extend lng = rand() * 10, lat = rand() * 10'
                          ' | evaluate geo_polygon_lookup((range x from 1 to 100000 step 1'
                          ' | extend p = geo_point_buffer(5.0, 5.0, 1000000.0)), p, lng, lat)'
                          ' | count',
    'geo_line_lookup': f'{T} | extend lng = rand() * 10, lat = rand() * 10'
                       ' | evaluate geo_line_lookup((range x from 1 to 10000 step 1 | extend l ='
                       ' geo_from_wkt("LINESTRING (0 0, 10 10)")), l, lng, lat, 1000000.0) | count',
    'nobody knows': f'{T} | evaluate nobody_knows(Id)',
    'a name of 100000': f'{T} | evaluate ' + 'p' * 100000 + '()',
}

POLYGON = 'geo_from_wkt("POLYGON ((-179 -85, 179 -85, 179 85, -179 85, -179 -85))")'
LINE = 'geo_from_wkt("LINESTRING (-179 -80, 0 80, 179 -80)")'

# Shapes on the globe.
GEO = {
    's2 cells of the world': f'print geo_polygon_to_s2cells({POLYGON}, 30)',
    's2 cells of a line': f'print geo_line_to_s2cells({LINE}, 30, 1000000.0)',
    's2 cells and a radius': f'print geo_polygon_to_s2cells({POLYGON}, 20, 10000000.0)',
    'h3 cells of the world': f'print geo_polygon_to_h3cells({POLYGON}, 15)',
    'h3 cells and a radius': f'print geo_polygon_to_h3cells({POLYGON}, 12, 10000000.0)',
    'h3 children': 'print geo_h3cell_children(geo_point_to_h3cell(0.0, 0.0, 0), 15)',
    'h3 children of all': 'range x from 1 to 1000 step 1'
                          ' | extend c = geo_h3cell_children('
                          'geo_point_to_h3cell(x * 0.1, 0.0, 0), 5)'
                          ' | mv-expand c | count',
    'h3 rings': 'print geo_h3cell_rings(geo_point_to_h3cell(0.0, 0.0, 15), 1000000000)',
    'h3 rings of 5000': 'print geo_h3cell_rings(geo_point_to_h3cell(0.0, 0.0, 15), 5000)',
    'h3 no cell': f'{T} | extend c = geo_h3cell_to_polygon(Id),'
                  ' d = geo_h3cell_neighbors(Id) | count',
    's2 no cell': f'{T} | extend c = geo_s2cell_to_polygon(Id),'
                  ' d = geo_s2cell_neighbors(Id) | count',
    'geohash of a megabyte': 'print geo_geohash_to_polygon(strrep(strrep("s", 1000), 1000)),'
                             ' geo_geohash_neighbors(strrep(strrep("s", 1000), 1000))',
    'a buffer of nothing': f'print geo_polygon_buffer({POLYGON}, 1e300),'
                           ' geo_point_buffer(0.0, 0.0, 1e300, 1e-300)',
    'a buffer of great detail': 'print geo_point_buffer(0.0, 0.0, 10000000.0, 0.0000001)',
    'a line of great detail': f'print geo_line_densify({LINE}, 0.0001)',
    'a polygon of great detail': f'print geo_polygon_densify({POLYGON}, 0.0001)',
    'buffers of a line': f'print geo_line_buffer({LINE}, 5000000.0, 0.001)',
    'a polygon of 100000 corners': 'range x from 1 to 100000 step 1'
                                   ' | summarize l = make_list('
                                   'pack_array(rand() * 100, rand() * 50))'
                                   ' | extend p = pack("type", "Polygon", "coordinates",'
                                   ' pack_array(l)) | extend a = geo_polygon_area(p),'
                                   ' c = geo_polygon_to_s2cells(p, 20),'
                                   ' s = geo_polygon_simplify(p, 1.0)',
    'a line of 1000000 points': 'range x from 1 to 1000000 step 1'
                                ' | summarize l = make_list(pack_array(rand() * 100, rand() * 50))'
                                ' | extend p = pack("type", "LineString", "coordinates", l)'
                                ' | extend a = geo_line_length(p), b = geo_line_simplify(p, 1.0),'
                                ' i = geo_intersects_2lines(p, p)',
    'a union of circles': 'range x from 1 to 5000 step 1'
                          ' | summarize l = make_list(geo_point_buffer(rand() * 10, rand() * 10,'
                          ' 100000.0)) | extend u = geo_union_polygons_array(l)',
    'a union of lines': 'range x from 1 to 5000 step 1 | summarize l = make_list(pack("type",'
                        ' "LineString", "coordinates", pack_array(pack_array(rand() * 90,'
                        ' rand() * 80), pack_array(rand() * 90, rand() * 80))))'
                        ' | extend u = geo_union_lines_array(l)',
    'simplified together': 'range x from 1 to 3000 step 1'
                           ' | summarize l = make_list(geo_point_buffer(rand() * 10, rand() * 10,'
                           ' 100000.0)) | extend u = geo_simplify_polygons_array(l, 1.0)',
    'intersections': 'range x from 1 to 100000 step 1'
                     ' | extend a = geo_point_buffer(rand(), rand(), 100000.0),'
                     ' b = geo_point_buffer(rand(), rand(), 100000.0)'
                     ' | extend i = geo_intersection_2polygons(a, b) | summarize count() by'
                     ' isnull(i)',
    'text of a polygon that nests': 'print geo_from_wkt(strcat("GEOMETRYCOLLECTION ",'
                                    ' strrep(strrep("(", 1000), 1000)))',
    'text of a long polygon': 'print geo_from_wkt(strcat("POLYGON ((",'
                              ' strrep(strrep(strrep("0 0, ", 1000), 1000), 3), "0 0))"))',
    'no numbers': 'print geo_point_to_s2cell(real(nan), real(+inf)),'
                  ' geo_point_to_h3cell(1e300, -1e300, 99), geo_point_to_geohash(1e300, 0.0, 99),'
                  ' geo_distance_2points(real(nan), 0.0, 1e308, 1e308)',
    'in a polygon': f'union {", ".join([T] * 100)} | extend p = {POLYGON}'
                    ' | where geo_point_in_polygon(rand() * 100, rand() * 50, p) | count',
    'closest of many': f'{T} | extend l = geo_point_buffer(0.0, 0.0, 1000000.0, 1.0)'
                       ' | extend c = geo_closest_point_on_polygon(rand(), rand(), l) | count',
    'levels that are not there': f'print geo_polygon_to_s2cells({POLYGON}, 9223372036854775807),'
                                 ' geo_h3cell_rings("862a1072fffffff", -1)',
}

MILLION = 'range(1, 1000000, 1)'

# Arrays of numbers, and sketches.
SERIES = {
    'fft': f'print series_fft({MILLION})',
    'fft of a prime': 'print series_fft(range(1, 999983, 1))',
    'fft there and back': 'print r = series_fft(range(1, 524288, 1)) | extend'
                          ' s = series_ifft(r[0], r[1])',
    'fft of records': f'{T} | extend f = series_fft(range(1, 100000, 1)) | count',
    'decompose': f'print series_decompose({MILLION})',
    'decompose anomalies': f'print series_decompose_anomalies({MILLION}, 1.5, -1, "linefit")',
    'decompose with a season': f'print series_decompose({MILLION}, 499999, "avg", 999999)',
    'forecast': f'print series_decompose_forecast({MILLION}, 9223372036854775807)',
    'periods': f'print series_periods_detect({MILLION}, 1.0, 1000000.0, 1000000)',
    'periods of records': f'{T} | extend p = series_periods_detect(range(1, 20000, 1), 1.0,'
                          ' 20000.0, 100) | count',
    'periods to validate': f'print series_periods_validate({MILLION}, '
                           + ', '.join(str(float(i)) for i in range(2, 60)) + ')',
    'fit_2lines': f'print series_fit_2lines({MILLION})',
    'fit_2lines of records': f'{T} | extend f = series_fit_2lines_dynamic(range(1, 20000, 1))'
                             ' | count',
    'fit_poly': f'print series_fit_poly({MILLION}, {MILLION}, 1000000)',
    'fit_poly of ends': 'print series_fit_poly(dynamic([1e308, -1e308, 1e308]),'
                        ' dynamic([1e308, 1e-308, 0]), 2)',
    'fir of a million': f'print series_fir(range(1, 500000, 1), range(1, 500000, 2), true, true)',
    'iir': f'print series_iir({MILLION}, range(1, 100000, 1), range(1, 100000, 1))',
    'iir that explodes': f'print series_iir({MILLION}, dynamic([1]), dynamic([1e-300, 1e300]))',
    'seasonal': f'print series_seasonal({MILLION}, 500000)',
    'outliers': f'print series_outliers({MILLION}, "ctukey", 0, 0.0, 100.0)',
    'correlation': f'print series_pearson_correlation({MILLION}, {MILLION})',
    'products': f'print series_product({MILLION}), series_dot_product({MILLION}, {MILLION})',
    'pow': f'print series_pow({MILLION}, {MILLION})',
    'fill': 'print series_fill_linear(repeat(real(null), 1000000), 0.0, true)',
    'stats of ends': 'print series_stats(dynamic([1e308, -1e308, 1e308])),'
                     ' series_stats_dynamic(dynamic(null))',
    'series of other things': 'print series_fft(dynamic({"a": 1})), series_fir("x", dynamic(1)),'
                              ' series_fit_line(dynamic(["a", null, {}]))',
    'chain of sums': f'print s0 = {MILLION}' + ''.join(
        f' | extend s{i + 1} = series_add(s{i}, s{i})' for i in range(60)),
    'tdigest': 'range x from 1 to 50000000 step 1 | summarize t = tdigest(x)',
    'tdigest of groups': 'range x from 1 to 5000000 step 1 | summarize t = tdigest(x) by x % 500000'
                         ' | summarize merge_tdigest(t)',
    'tdigest with weights': f'{T} | summarize t = tdigest(strlen(Id), 9223372036854775807)'
                            ' | extend p = percentile_tdigest(t, 50)',
    'tdigest that is none': 'print percentile_tdigest(dynamic([[1, 2], [3]]), 50),'
                            ' rank_tdigest(dynamic([[1e308, -1e308], [-1, 0]]), 1),'
                            ' merge_tdigest(dynamic([1]), dynamic({}))',
    'tdigest of a million': f'print percentile_tdigest(pack_array({MILLION}, {MILLION}), 50)',
    'percentiles of a tdigest': f'{T} | summarize t = tdigest(strlen(Id))'
                                f' | extend p = percentiles_array_tdigest(t, {MILLION})',
    'hll of groups': 'range x from 1 to 5000000 step 1 | summarize h = hll(x, 4) by x % 100000'
                     ' | summarize hll_merge(h)',
    'hll that is none': 'print dcount_hll(dynamic([1, 2])), hll_merge(dynamic("x"), dynamic(null))',
    'dcount of the finest': f'{T} | summarize dcount(Id, 4) by Id | count',
    'dcountif and its kin': 'range x from 1 to 50000000 step 1'
                            ' | summarize dcountif(x, x % 2 == 0, 4), count_distinctif(x, true)',
    'buildschema': f'{T} | extend b = pack(Id, Id) | summarize buildschema(b)',
    'make_bag of ids': f'union {", ".join([T] * 20)} | summarize make_bag(pack(Id, pack_all()))',
    'make_list_with_nulls': 'range x from 1 to 50000000 step 1'
                            ' | summarize make_list_with_nulls(iff(x > 0, long(null), x))',
    'percentilesw': 'range x from 1 to 50000000 step 1 | summarize percentilew(x, x, 50)',
    'stdev of ends': 'range x from 9223372036854770000 to 9223372036854775807 step 1'
                     ' | summarize stdev(x), variance(x), sum(x), avg(x)',
    'make_set of nested': 'range x from 1 to 1000000 step 1'
                          ' | summarize make_set(pack("a", x, "b", pack_array(x, x)))',
    'array_sort of texts': f'{T} | summarize l = make_list(Id)'
                           ' | extend a = array_sort_asc(l, l, l)',
    'array_split': f'print array_split({MILLION}, range(1, 1000000, 1))',
    'array_shift': f'print array_shift_left({MILLION}, -9223372036854775807),'
                   f' array_slice({MILLION}, -9223372036854775808, 9223372036854775807)',
    'array_index_of': f'print array_index_of({MILLION}, 7, -9223372036854775808,'
                      ' 9223372036854775807, 9223372036854775807)',
    'bag_zip': f'print bag_zip({MILLION}, {MILLION})',
    'bag_set_key grows': 'print b0 = dynamic({})' + ''.join(
        f' | extend b{i + 1} = bag_set_key(bag_set_key(b{i}, "x", b{i}), "y", b{i})'
        for i in range(40)),
    'bag_remove_keys': f'{T} | extend b = bag_remove_keys(pack_all(), {MILLION}) | count',
    'gzip grows': 'print s = gzip_compress_to_base64_string(strrep(strrep("a", 1000), 1000))'
                  ' | extend t = strcat_array(repeat('
                  'gzip_decompress_from_base64_string(s), 20), "")',
    'zlib of nothing': f'{T} | extend s = zlib_decompress_from_base64_string('
                       'strrep(strrep(Id, 1000), 10)) | count',
}

# Rows that take long each.
EACH = {call: f'range x from 1 to 10000 step 1 | extend s = {call} | where tostring(s) == "x"'
        for call in (
            'series_fft(range(x, x + 500000, 1))',
            'series_fir(range(x, x + 500000, 1), range(1, 1024, 1))',
            'series_iir(range(x, x + 500000, 1), range(1, 1024, 1), range(1, 1024, 1))',
            'series_decompose_anomalies(range(x, x + 300000, 1))',
            'series_periods_detect(range(x, x + 300000, 1), 2.0, 100000.0, 64)',
            'series_fit_2lines_dynamic(range(x, x + 500000, 1))',
            'series_fit_poly(range(x, x + 500000, 1), range(x, x + 500000, 1), 16)',
            'series_outliers(range(x, x + 500000, 1))',
            'series_pearson_correlation(range(x, x + 500000, 1), range(x, x + 500000, 1))',
            'array_sort_desc(range(x, x + 500000, 1))',
            'set_union(range(x, x + 500000, 1), range(-500000, x, 1))',
            'jaccard_index(range(x, x + 500000, 1), range(-500000, x, 1))',
            'array_rotate_left(range(x, x + 500000, 1), x)',
            'zip(range(x, x + 300000, 1), range(x, x + 300000, 1))',
            'geo_point_buffer(x * 0.001, 0.0, 1000000.0, 0.01)',
            'geo_polygon_to_s2cells(geo_point_buffer(x * 0.001, 0.0, 1000000.0), 12)',
            'geo_polygon_to_h3cells(geo_point_buffer(x * 0.001, 0.0, 1000000.0), 6)',
            'geo_h3cell_rings(geo_point_to_h3cell(x * 0.001, 0.0, 9), 142)',
            'geo_h3cell_children(geo_point_to_h3cell(x * 0.001, 0.0, 4), 9)',
            'hash_sha512(strrep(strrep(strcat(x, "abcdefgh"), 1000), 1000))',
            'parse_json(strcat("[", strrep(strrep(strcat(x, ","), 1000), 1000), "1]"))',
            'parse_xml(strcat("<a>", strrep(strrep(strcat("<b>", x, "</b>"), 1000), 500), "</a>"))',
            'extract_all(@"(.)", strrep(strrep(strcat(x, "a"), 1000), 1000))',
            'replace_regex(strrep(strrep(strcat(x, "a"), 1000), 1000), @"(a|b)+", "c")',
            'gzip_compress_to_base64_string(strrep(strrep(strcat(x, "abcdefg"), 1000), 1000))',
            'split(strrep(strrep(strcat(x, ","), 1000), 1000), ",")',
            'reverse(strrep(strrep(strcat(x, "a"), 1000), 1000))',
            'bag_zip(range(x, x + 200000, 1), range(x, x + 200000, 1))')}

# A depth or a length that only the data has.
DATA = {
    'parse_json of depth': 'print parse_json(strcat(strrep(strrep("[", 1000), 1000),'
                           ' strrep(strrep("]", 1000), 1000)))',
    'parse_json of bags': 'print parse_json(strrep(strrep("{\\"a\\":", 1000), 1000))',
    'parse_json of records': f'{T} | extend d = parse_json(strrep("[", 1000)) | count',
    'parse_json of numbers': 'print parse_json(strrep(strrep("9", 1000), 1000)),'
                             ' parse_json("1e999999999"), parse_json("-"), parse_json("0x1")',
    'parse_json of a path': 'print parse_json("{}")' + '["a"]' * 150,
    'todynamic of itself': 'print d0 = dynamic([1])' + ''.join(
        f' | extend d{i + 1} = todynamic(tostring(pack_array(d{i}, d{i})))' for i in range(40)),
    'pack_array of depth': 'print d0 = dynamic([1])' + ''.join(
        f' | extend d{i + 1} = pack_array(d{i})' for i in range(900)),
    'tostring of depth': 'print tostring(parse_json(strcat(strrep("[", 1000), strrep("]", 1000))))',
    'treepath': 'print treepath(parse_json(strcat(strrep("[", 500), strrep("]", 500))))',
    'extract_json': f'{T} | extend x = extract_json("$' + '.a' * 5000 + '", Id) | count',
    'extract_json of a text': 'print extract_json("$..[?(@.a)]", strrep(strrep("[", 1000), 1000))',
    'parse_xml of depth': 'print parse_xml(strrep(strrep("<a>", 1000), 1000))',
    'parse_xml of entities': "print parse_xml('<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c "
                             "\"&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;&c;</a>')",
    'parse_xml of a file': "print parse_xml('<!DOCTYPE a [<!ENTITY b SYSTEM "
                           "\"file:///etc/passwd\">]><a>&b;</a>')",
    'parse_xml of attributes': "print parse_xml(strcat('<a ', strrep(strrep(\"b='c' \", 1000),"
                               " 1000), '/>'))",
    'parse_csv of quotes': "print parse_csv(strrep(strrep('\"', 1000), 1000))",
    'parse_user_agent': f'{T} | extend u = parse_user_agent(strrep(strrep("Mozilla/5.0 (", 1000),'
                        ' 10), dynamic(["browser", "os", "device"])) | count',
    'parse_version': 'print parse_version(strrep(strrep("9.", 1000), 1000))',
    'parse_path': 'print parse_path(strrep(strrep("a/", 1000), 1000)),'
                  ' parse_urlquery(strrep(strrep("a=b&", 1000), 1000))',
    'parse_ipv6': f'{T} | where ipv6_is_match(strrep(":", 1000), strrep("f:", 1000), 9999) | count',
    'url_decode': 'print url_decode(strrep(strrep("%", 1000), 1000)),'
                  ' url_encode(strrep(strrep(strrep("%", 1000), 1000), 8))',
    'punycode': f'{T} | extend p = punycode_to_string(strrep(Id, 1000)),'
                ' q = punycode_from_string(strrep(Id, 1000)) | count',
    'unicode': 'print unicode_codepoints_from_string(strrep(strrep("a", 1000), 1000)),'
               ' unicode_codepoints_to_string(range(-1000000, 1000000, 1)),'
               ' make_string(range(0, 2000000, 1))',
    'reverse': f'{T} | extend r = reverse(strrep(strrep(Id, 1000), 100)) | summarize max(r)',
    'trim': f"{T} | extend r = trim(@'(a|b)*', strrep(strrep('ab', 1000), 100)) | summarize max(r)",
    'countof': 'print countof(strrep(strrep(strrep("a", 1000), 1000), 16), "a"),'
               ' countof(strrep(strrep(strrep("a", 1000), 1000), 4), "a*", "regex")',
    'indexof_regex': "print indexof_regex(strrep(strrep(strrep('a', 1000), 1000), 8),"
                     " @'(a*)*b', 0, -1, 1000000)",
    'replace_strings': 'print replace_strings(strrep(strrep("ab", 1000), 1000),'
                       ' range(1, 10000, 1), range(1, 10000, 1))',
    'base64 to an array': 'print base64_decode_toarray('
                          'strrep(strrep(strrep("QUFB", 1000), 1000), 4))',
    'hash of much': 'print hash_sha256(strrep(strrep(strrep("a", 1000), 1000), 16)),'
                    ' hash_many(strrep(strrep("a", 1000), 1000), 1)',
    'pad': 'print padleft("a", 9223372036854775807, "b"), padright("a", 1000000000000, "b")',
    'join of texts': f'{T} | extend k = strrep(strrep("a", 1000), 10)'
                     f' | join kind=inner ({T} | extend k = strrep(strrep("a", 1000), 10)) on k'
                     ' | count',
    'join of bags': f'{T} | extend k = tostring(pack_all())'
                    f' | join kind=fullouter ({T} | extend k = tostring(pack_all())) on k | count',
    'join 10 times with itself': T + f' | join kind=inner ({T}) on UserId' * 10 + ' | count',
    'join rightouter': f'{T} | extend k = 1 | join kind=rightouter ({T} | extend k = 1) on k'
                       ' | count',
    'join rightsemi of ranges': 'range x from 1 to 50000000 step 1 | join kind=rightsemi'
                                ' (range x from 1 to 50000000 step 1) on x | count',
    'join on many': f'{T} | join kind=inner ({T}) on ' + ', '.join(['Id'] * 500) + ' | count',
    'in of a table': f'{T} | where Id in (({T} | project Id)) and Id !in (({T} | project UserId))'
                     ' | count',
    'in of a great table': f'{T} | where Id in ((range x from 1 to 50000000 step 1'
                           ' | project tostring(x))) | count',
    'toscalar of much': f'print toscalar({T} | summarize make_list(pack_all()))',
    'materialize of much': 'let m = materialize(range x from 1 to 100000000 step 1);'
                           ' union m, m, m | count',
}

# More numbers at their ends, doors that are not there, and names of others.
DOORS = {
    'decimal ends': 'print decimal(1) / decimal(0), decimal(1e34) * decimal(1e34),'
                    ' decimal(-1e-34) / decimal(1e34), todecimal(strrep("9", 1000))',
    'casts': 'print toint(9223372036854775807), tolong("99999999999999999999"), tolong(real(nan)),'
             ' totimespan(1e300), todatetime(9223372036854775807), toguid("x")',
    'time': 'print datetime_add("year", 9223372036854775807, now()),'
            ' datetime_diff("nanosecond", datetime(9999-12-31), datetime(0001-01-01)),'
            ' startofmonth(datetime(0001-01-01), -100000), endofyear(now(), 1000000),'
            ' make_datetime(9999999, 99, 99), unixtime_seconds_todatetime(1e300)',
    'formats': 'print format_timespan(time(10675199d), "' + 'd' * 5000 + '"),'
               ' format_bytes(1e308, 999999999), tohex(-9223372036854775808, 1000000000)',
    'bits': 'print bitset_count_ones(-1), binary_shift_left(-9223372036854775808, 63),'
            ' binary_shift_right(1, 9223372036854775807), binary_xor(-1, 9223372036854775807)',
    'bins': 'print bin(1e308, 1e-308), bin(real(nan), 1.0), bin(now(), -1d), bin(1.0, 0.0),'
            ' bin_at(9223372036854775807, -9223372036854775808, 1)',
    'rounds': 'print round(1.5, 9223372036854775807), round(1e308, -9223372036854775808),'
              ' ceiling(1e308), floor(-1e308, 1e-308), sign(real(-inf)), abs(-9223372036854775808)',
    'statistics': 'print beta_cdf(1e308, -1.0, 1e308), beta_inv(2.0, 0.0, 0.0), erf(1e308),'
                  ' gamma(-1.0), welch_test(1e308, 0.0, 0, -1.0, 1e308, 1)',
    'substrings': 'print substring("abc", 9223372036854775807, 9223372036854775807),'
                  ' substring("abc", -1, -1), indexof("abc", "", -9223372036854775808, -5, -1)',
    'time of a window': f'{T} | sort by TimeGenerated asc | extend p = prev(Id, -1),'
                        ' n = next(Id, 9223372036854775807), w = row_window_session(TimeGenerated,'
                        ' -1d, -1d) | count',
    'now far away': 'print now(10675199d), now(-10675199d), ago(-10675199d)',
    'take of nothing': f'{T} | take long(null)',
    'r': f'{T} | evaluate r(typeof(*), "system(\'id\')")',
    'sql_request': 'evaluate sql_request("Server=tcp:127.0.0.1,1433;", "select 1")',
    'mysql_request': 'evaluate mysql_request("Server=127.0.0.1;", "select 1")',
    'cosmosdb': 'evaluate cosmosdb_sql_request("https://127.0.0.1", "SELECT 1")',
    'azure_digital_twins': 'evaluate azure_digital_twins_query_request("https://127.0.0.1", "x")',
    'http_request_post': 'evaluate http_request_post("https://127.0.0.1/", dynamic({}))',
    'ai': f'{T} | evaluate ai_embed_text(Id, "https://127.0.0.1/")',
    'infer_storage_schema': 'evaluate infer_storage_schema(dynamic({"StorageContainers":'
                            '["https://127.0.0.1/"]}))',
    'external_table': 'external_table("x") | count',
    'database': 'database("x").AuditRecords | count',
    'app': 'app("x").requests | count',
    'resource': 'resource("/subscriptions/x").AuditRecords | count',
    'cluster of another': 'cluster("https://127.0.0.1").database("y").table("z")',
    'graph': f'{T} | make-graph UserId --> ClientIP | graph-match (a)-->(b) project a.x',
    'ingest': '.ingest into table AuditRecords ("https://127.0.0.1/x.csv")',
    'set or append': '.set-or-append X <| AuditRecords',
    'purge': '.purge table AuditRecords records <| where true',
    'export': f'.export to csv ("https://127.0.0.1/") <| {T}',
    'create function': '.create-or-alter function f() { AuditRecords }',
    'show queries': '.show queries',
    'fetch of metadata': 'externaldata(a:string)["http://169.254.169.254/latest/meta-data/"]',
    'fetch of the server': 'externaldata(a:string)["https://[::1]/v1/tenants"]',
    'fetch by another spelling': 'externaldata(a:string)["https://2130706433/",'
                                 ' "https://0x7f.1/", "https://user@127.0.0.1/"]',
    'fetch of a gopher': 'externaldata(a:string)["gopher://127.0.0.1:6379/_INFO"]',
    'another tenant by name': 'fabrikam | count',
    'another tenant by path': '["fabrikam/AuditRecords"] | count',
    'another tenant as a table': 'table("fabrikam.AuditRecords") | count',
    'another tenant in a function': 'tenant("fabrikam").AuditRecords | count',
    'another tenant as a workspace': 'workspace("fabrikam").AuditRecords | count',
    'another tenant as a database': 'database("fabrikam").AuditRecords | count',
    'another tenant in a filter': f'{T} | where TenantId != "x" or OrganizationId != "x"'
                                  ' | where UserId startswith "canary" | take 10',
    'another tenant in all': 'union withsource=t * | where UserId startswith "canary"'
                             ' | project pack_all()',
    'another tenant in a search': 'search "canary*" | take 10',
    'another tenant in a find': 'find where UserId startswith "canary"',
    'another tenant in the schema': 'union * | getschema | where ColumnName has "canary"',
    'another tenant by sequence': f'{T} | where _Seq >= 0 | summarize min(_Seq), max(_Seq),'
                                  ' countif(UserId startswith "canary")',
    'another tenant in a watchlist': '_GetWatchlist("fabrikam")',
    'another tenant in a parameter': 'declare query_parameters(tenant:string = "fabrikam");'
                                     f' {T} | where UserId startswith "canary" | project tenant',
    'another tenant by a setting': 'set tenant = "fabrikam"; set all_tenants = true;'
                                   f' {T} | where UserId startswith "canary"',
    'another tenant of the principal': 'print current_principal_details(),'
                                       ' current_database(), current_cluster_endpoint()',
    'no limits': 'set notruncation; set norequesttimeout; set servertimeout = 1h;'
                 ' range x from 1 to 1000000000000 step 1 | where x < 0',
    'greater limits': 'set truncationmaxrecords = 9223372036854775807;'
                      ' set truncationmaxsize = 9223372036854775807;'
                      ' set maxmemoryconsumptionperiterator = 9223372036854775807;'
                      ' range x from 1 to 50000000 step 1 | summarize make_list(x)',
    'limits of nothing': 'set truncationmaxrecords = -1; set servertimeout = -1h; print 1',
    'many settings': chain(9000, 'set a{0} = {0};') + 'print 1',
    'settings that compute': f'set truncationmaxrecords = toscalar({T} | count); {T} | take 1',
}

ALL = {f'{kind}: {name}': text
       for kind, table in (('shape', SHAPES), ('growth', GROWTH), ('pattern', PATTERNS),
                           ('end', ENDS), ('operator', OPERATORS), ('plugin', PLUGINS),
                           ('geo', GEO), ('series', SERIES), ('each', EACH), ('data', DATA),
                           ('door', DOORS))
       for name, text in table.items()}
