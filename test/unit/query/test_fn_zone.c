/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones of the system, in queries. */
#include "ask.h"

#define TO_LOCAL(TIME, ZONE) "print datetime_utc_to_local(datetime(" TIME "), '" ZONE "')"
#define TO_UTC(TIME, ZONE) "print datetime_local_to_utc(datetime(" TIME "), '" ZONE "')"
#define AT(TEXT) "[[\"" TEXT ".0000000Z\"]]"

static const struct ask clocks_cases[] = {
    {TO_LOCAL("2024-07-01 12:00", "Europe/Berlin"), AT("2024-07-01T14:00:00")},
    {TO_LOCAL("2024-01-01 12:00", "America/New_York"), AT("2024-01-01T07:00:00")},
    {TO_LOCAL("2024-01-01 12:00", "Asia/Kathmandu"), AT("2024-01-01T17:45:00")},
    {TO_LOCAL("2099-12-31 12:00", "Australia/Sydney"), AT("2099-12-31T23:00:00")},
    {TO_LOCAL("2011-12-30 12:00", "Pacific/Apia"), AT("2011-12-31T02:00:00")},
    {TO_UTC("2020-02-02 20:02:20", "Europe/Paris"), AT("2020-02-02T19:02:20")},
    {TO_UTC("2024-03-31 01:59", "Europe/Berlin"), AT("2024-03-31T00:59:00")},
    {TO_UTC("2024-03-31 02:30", "Europe/Berlin"), AT("2024-03-31T00:30:00")}, /* left out */
    {TO_UTC("2022-03-27 02:00", "Europe/Brussels"), AT("2022-03-27T00:00:00")},
    {TO_UTC("2060-03-28 02:30", "Europe/Berlin"), AT("2060-03-28T00:30:00")},
    {TO_UTC("2024-10-27 02:30", "Europe/Berlin"), AT("2024-10-27T00:30:00")}, /* comes twice */
    {TO_UTC("2060-10-31 02:30", "Europe/Berlin"), AT("2060-10-31T00:30:00")},
    {"print datetime_utc_to_local(datetime(2024-07-01 12:00:00.1234567), 'Etc/UTC')",
     "[[\"2024-07-01T12:00:00.1234567Z\"]]"},
};
ASK_TEST(clocks, clocks_cases)

static const struct ask zones_of_a_column_cases[] = {
    {"datatable(z: string)['Asia/Tokyo', 'Nowhere/None', '', 'Europe', 'Europe/Berlin/x', "
     "'../passwd', '/etc/passwd', 'Asia/Tokyo'] | project "
     "datetime_utc_to_local(datetime(2024-01-01), z)",
     "[[\"2024-01-01T09:00:00.0000000Z\"],[null],[null],[null],[null],[null],[null],"
     "[\"2024-01-01T09:00:00.0000000Z\"]]"},
    {"print datetime_utc_to_local(datetime(null), 'Asia/Tokyo'), "
     "datetime_local_to_utc(datetime(0001-01-01), 'Asia/Tokyo'), "
     "datetime_utc_to_local(datetime(9999-12-31 23:00), 'Asia/Tokyo')",
     "[[null,null,null]]"},
};
ASK_TEST(zones_of_a_column, zones_of_a_column_cases)

static const struct ask names_cases[] = {
    {TO_LOCAL("2024-01-01", "Nowhere/None"), "! there is no time zone 'Nowhere/None'"},
    {TO_UTC("2024-01-01", "../UTC"), "! there is no time zone '../UTC'"},
    {TO_UTC("2024-01-01", "Europe"), "! SEM0219"},
    {"print datetime_local_to_utc(datetime(2024-01-01))", "! takes 2 arguments, found 1"},
    {"let z = datetime_list_timezones(); print array_length(z) > 300, "
     "set_has_element(z, 'America/Argentina/Buenos_Aires'), set_has_element(z, 'Europe'), "
     "set_has_element(z, 'tzdata.zi'), array_length(array_sort_asc(z)) == "
     "array_length(set_union(z, z))",
     "[[true,true,false,false,true]]"},
    {"print z = datetime_list_timezones() | mv-expand z to typeof(string) | where "
     "isnull(datetime_utc_to_local(datetime(2024-01-01), z)) | count",
     "[[0]]"},
};
ASK_TEST(names, names_cases)

ASK_MAIN(cmocka_unit_test(clocks), cmocka_unit_test(zones_of_a_column), cmocka_unit_test(names))
