/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#define TEXT(NAME, VALUE) "\"" NAME "\":\"" VALUE "\""
#define BROWSER(FAMILY, MAJOR, MINOR, PATCH)                                                       \
    "\"Browser\":{" TEXT("Family", FAMILY) "," TEXT("MajorVersion", MAJOR) "," TEXT(              \
        "MinorVersion", MINOR) "," TEXT("Patch", PATCH) "}"
#define SYSTEM(FAMILY, MAJOR, MINOR)                                                               \
    "\"OperatingSystem\":{" TEXT("Family", FAMILY) "," TEXT("MajorVersion", MAJOR) "," TEXT(      \
        "MinorVersion", MINOR) "," TEXT("Patch", "") "," TEXT("PatchMinor", "") "}"
#define DEVICE(FAMILY, BRAND, MODEL)                                                               \
    "\"Device\":{" TEXT("Family", FAMILY) "," TEXT("Brand", BRAND) "," TEXT("Model", MODEL) "}"

static const struct ask cases[] = {
    {"print parse_user_agent('Mozilla/5.0 (Windows NT 10.0) Firefox/50.0', 'browser')",
     "[[{" BROWSER("Firefox", "50", "0", "") "}]]"},
    {"print parse_user_agent('Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 (KHTML, like "
     "Gecko) AdobeAIR/2.5.1', 'browser')",
     "[[{" BROWSER("AdobeAIR", "2", "5", "1") "}]]"},
    {"print parse_user_agent('Mozilla/5.0 (SymbianOS/9.2; U; Series60/3.1 NokiaN81-3/10.0.032 "
     "Profile/MIDP-2.0) AppleWebKit/413 Safari/4', dynamic(['browser', 'os', 'device']))",
     "[[{" BROWSER("Nokia OSS Browser", "3", "1", "") "," SYSTEM("Symbian OS", "9", "2") ","
     DEVICE("Nokia N81", "Nokia", "N81-3") "}]]"},
    {"print parse_user_agent('Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) "
     "AppleWebKit/605.1.15 Version/17.4.1 Mobile/15E148 Safari/604.1')",
     "[[{" BROWSER("Safari", "17", "4", "1") "," SYSTEM("iOS", "17", "4") ","
     DEVICE("iPhone", "Apple", "iPhone") "}]]"},
    {"print parse_user_agent('python-requests/2.31.0', 'os'), parse_user_agent('', 'device'), "
     "parse_user_agent('Nokia', 'device'), parse_user_agent('x', 'none')",
     "[[{" SYSTEM("Other", "", "") "},{" DEVICE("Other", "", "") "},{" DEVICE("Other", "", "")
     "},{}]]"},
    {"print parse_user_agent(strcat('Nokia', strrep('x', 300), '/1'), 'device').Device.Family "
     "== strcat('Nokia ', strrep('x', 50))", "[[true]]"},
};
ASK_TEST(agents, cases)

ASK_MAIN(cmocka_unit_test(agents))
