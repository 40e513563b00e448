/* SPDX-License-Identifier: Apache-2.0 */
/* The Unified Audit Log in the shapes of the public tables. */
#include "ask.h"

static const struct ask pair_cases[] = {
    {"print pair_value(dynamic([{'Name':'OS','Value':'Linux'},{'Name':'Id','Value':'7'}]), 'Id'), "
     "pair_value(dynamic([{'Key':'a','Value':{'b':1}}]), 'a').b",
     "[[\"7\",1]]"},
    {"print pair_value(dynamic([{'key':'a','value':'x'},{'key':'a','value':'y'}]), 'a')",
     "[[\"x\"]]"},
    {"print pair_value(dynamic([{'Name':'OS'},7,null,'OS',[]]), 'OS'), "
     "pair_value(dynamic({'Name':'OS','Value':'x'}), 'OS'), pair_value(dynamic('OS'), 'OS'), "
     "pair_value(dynamic([{'Name':'OS','Value':'x'}]), 'os'), pair_value(dynamic(null), 'OS')",
     "[[null,null,null,null,null]]"},
};
ASK_TEST(pairs, pair_cases)

static const struct ask detail_cases[] = {
    {"print entra_details(dynamic('{\"User-Agent\":\"a \\\\\"b\\\\\"\",\"n\":7,\"e\":\"\"}'))",
     "[[[{\"key\":\"User-Agent\",\"value\":\"a \\\"b\\\"\"},{\"key\":\"n\",\"value\":\"7\"},"
     "{\"key\":\"e\",\"value\":\"\"}]]]"},
    {"print entra_details(dynamic('{}')), entra_details(dynamic('nothing')), "
     "entra_details(dynamic([1])), entra_details(dynamic(null))",
     "[[[],null,null,null]]"},
};
ASK_TEST(details, detail_cases)

#define USER_ACTOR                                                                             \
    "dynamic([{'ID':'ann@x.example','Type':5},{'ID':'1003BFFD98415B4E','Type':3},"              \
    "{'ID':'Portal','Type':1},{'ID':'00000006-0000-0ff1-ce00-000000000000','Type':2},"          \
    "{'ID':'User_e4c722ac','Type':2},{'ID':'e4c722ac','Type':2},{'ID':'User','Type':2}])"
#define APP_ACTOR                                                                              \
    "dynamic([{'ID':'Sync \\\"1\\\"','Type':1},{'ID':'869dc64b','Type':2},"                     \
    "{'ID':'ServicePrincipal_fc8c8125','Type':2},{'ID':'fc8c8125','Type':2},"                   \
    "{'ID':'ServicePrincipal','Type':2}])"

static const struct ask initiator_cases[] = {
    {"print entra_initiator(" USER_ACTOR ", 'ann@x.example', '192.0.2.1')",
     "[[{\"user\":{\"id\":\"e4c722ac\",\"displayName\":null,\"userPrincipalName\":"
     "\"ann@x.example\",\"ipAddress\":\"192.0.2.1\"}}]]"},
    {"print entra_initiator(" APP_ACTOR ", 'ServicePrincipal_fc8c8125', '')",
     "[[{\"app\":{\"appId\":\"869dc64b\",\"displayName\":\"Sync \\\"1\\\"\","
     "\"servicePrincipalId\":\"fc8c8125\",\"servicePrincipalName\":null}}]]"},
    {"print entra_initiator(dynamic(null), 'bob@x.example', ''), "
     "entra_initiator(dynamic([]), 'ServicePrincipal_7', '192.0.2.7')",
     "[[{\"user\":{\"id\":null,\"displayName\":null,\"userPrincipalName\":\"bob@x.example\","
     "\"ipAddress\":null}},{\"app\":{\"appId\":null,\"displayName\":null,"
     "\"servicePrincipalId\":\"7\",\"servicePrincipalName\":null,\"ipAddress\":\"192.0.2.7\"}}]]"},
    {"print entra_initiator(dynamic(null), '', ''), entra_initiator(dynamic([7,{'ID':''}]), "
     "'Not Available', '192.0.2.7'), entra_initiator(dynamic({'ID':'a','Type':1}), '', '')",
     "[[null,null,null]]"},
};
ASK_TEST(initiators, initiator_cases)

static const struct ask target_cases[] = {
    /* a user, and the role that it is given */
    {"print entra_targets(dynamic([{'ID':'User_57e4','Type':2},{'ID':'57e4','Type':2},"
     "{'ID':'User','Type':2},{'ID':'bob@x.example','Type':5},{'ID':'1003','Type':3}]), "
     "'bob@x.example', dynamic([{'Name':'Role.ObjectID','NewValue':'0ee1','OldValue':''}]))",
     "[[[{\"id\":\"57e4\",\"displayName\":null,\"type\":\"User\",\"userPrincipalName\":"
     "\"bob@x.example\",\"modifiedProperties\":[{\"displayName\":\"Role.ObjectID\",\"oldValue\":"
     "null,\"newValue\":\"\\\"0ee1\\\"\"}]},{\"id\":\"0ee1\",\"displayName\":null,\"type\":"
     "\"Role\",\"userPrincipalName\":null,\"modifiedProperties\":[]}]]]"},
    /* an application, and the user that it is assigned to; a removal has old values */
    {"print t = entra_targets(dynamic([{'ID':'ServicePrincipal_9fd1','Type':2},"
     "{'ID':'9fd1','Type':2},{'ID':'ServicePrincipal','Type':2},{'ID':'Amazon (AWS)','Type':1},"
     "{'ID':'3e71','Type':2},{'ID':'https://x;3e71','Type':4}]), 'https://x;3e71', "
     "dynamic([{'Name':'User.ObjectID','NewValue':'','OldValue':'\\\"7646\\\"'},"
     "{'Name':'User.UPN','NewValue':'','OldValue':'bob@x.example'}])) | project t[0].id, "
     "t[0].displayName, t[0].type, t[0].userPrincipalName, t[1].id, t[1].userPrincipalName, "
     "array_length(t)",
     "[[\"9fd1\",\"Amazon (AWS)\",\"ServicePrincipal\",null,\"7646\",\"bob@x.example\",2]]"},
    /* what a kind is called, and an identity that is none */
    {"print t = entra_targets(dynamic([{'ID':'Company_0e81','Type':2},{'ID':'0e81','Type':2},"
     "{'ID':'Directory','Type':2},{'ID':'Contoso','Type':1}]), 'Not Available', dynamic([])), "
     "u = entra_targets(dynamic([{'ID':'Unknown','Type':0},{'Type':2},3]), 'Unknown', "
     "dynamic({'Name':'a'})) | project t[0].type, t[0].id, t[0].displayName, u",
     "[[\"Directory\",\"0e81\",\"Contoso\",[{\"id\":\"Unknown\",\"displayName\":null,"
     "\"type\":null,\"userPrincipalName\":null,\"modifiedProperties\":[]}]]]"},
    /* without a target there is the object */
    {"print t = entra_targets(dynamic(null), 'bob@x.example', dynamic(null)), "
     "u = entra_targets(dynamic(null), '7f', dynamic([])), "
     "v = entra_targets(dynamic([{'ID':'8f','Type':2}]), '7f', dynamic([]))",
     "[[[{\"id\":null,\"displayName\":null,\"type\":null,\"userPrincipalName\":"
     "\"bob@x.example\",\"modifiedProperties\":[]}],[{\"id\":\"7f\",\"displayName\":null,"
     "\"type\":null,\"userPrincipalName\":null,\"modifiedProperties\":[]}],[{\"id\":\"8f\","
     "\"displayName\":null,\"type\":null,\"userPrincipalName\":null,"
     "\"modifiedProperties\":[]}]]]"},
    /* values: texts get quotes, what is JSON has no blanks, what only looks like it is a text */
    {"print t = entra_targets(dynamic([]), '', dynamic([{'Name':'a','NewValue':'x y',"
     "'OldValue':'[\\r\\n  \\\"k\\\"\\r\\n]'},{'Name':'b','NewValue':'[] => [[Scope: Mail]]; ',"
     "'OldValue':'\\\"q\\\"'},{'Name':'c','NewValue':true,'OldValue':['z']},"
     "{'Name':'d','NewValue':'true','OldValue':'7'}])) | mv-expand p = t[0].modifiedProperties | "
     "project p.newValue, p.oldValue",
     "[[\"\\\"x y\\\"\",\"[\\\"k\\\"]\"],[\"\\\"[] => [[Scope: Mail]]; \\\"\",\"\\\"q\\\"\"],"
     "[\"true\",\"[\\\"z\\\"]\"],[\"\\\"true\\\"\",\"\\\"7\\\"\"]]"},
    /* no more than a few other targets are listed */
    {"print t = entra_targets(dynamic([]), '', dynamic([{'Name':'A.ObjectID','NewValue':'1'},"
     "{'Name':'B.ObjectID','NewValue':'2'},{'Name':'C.ObjectID','NewValue':'3'},"
     "{'Name':'D.ObjectID','NewValue':'4'},{'Name':'E.ObjectID','NewValue':'5'},"
     "{'Name':'TargetId.x'},{'Name':'.ObjectID','NewValue':'6'}])) | project array_length(t)",
     "[[5]]"},
};
ASK_TEST(targets, target_cases)

static const struct ask device_cases[] = {
    {"print entra_device(dynamic([{'Name':'Id','Value':'7f'},{'Name':'DisplayName','Value':'pc'},"
     "{'Name':'OS','Value':'Windows10'},{'Name':'BrowserType','Value':'Edge'},"
     "{'Name':'TrustType','Value':'2'},{'Name':'IsCompliant','Value':'False'}]))",
     "[[{\"deviceId\":\"7f\",\"displayName\":\"pc\",\"operatingSystem\":\"Windows10\","
     "\"browser\":\"Edge\",\"isCompliant\":false,\"isManaged\":null,"
     "\"trustType\":\"Hybrid Azure AD joined\"}]]"},
    {"print d = entra_device(dynamic([{'Name':'IsCompliantAndManaged','Value':'True'}])), "
     "e = entra_device(dynamic([{'Name':'IsCompliantAndManaged','Value':'False'},"
     "{'Name':'TrustType','Value':'7'},7])) | project d.isCompliant, d.isManaged, "
     "e.isCompliant, e.isManaged, e.trustType, d.deviceId",
     "[[true,true,null,null,null,null]]"},
    {"print entra_device(dynamic(null)), entra_device(dynamic({'Name':'OS'}))", "[[null,null]]"},
};
ASK_TEST(devices, device_cases)

ASK_MAIN(cmocka_unit_test(devices), cmocka_unit_test(pairs), cmocka_unit_test(details),
         cmocka_unit_test(initiators), cmocka_unit_test(targets))
