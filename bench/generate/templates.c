/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of records as text: ' is ", $name$ a value (record.c). */
#include "generate/templates.h"

#define HEAD                                                                                   \
    "{'CreationTime':'$time$','Id':'$id$','Operation':'$operation$',"                           \
    "'OrganizationId':'$organization$','RecordType':$type$,"
#define EXCHANGE                                                                               \
    "'ResultStatus':'Succeeded','UserKey':'$puid$','UserType':0,'Version':1,"                   \
    "'Workload':'Exchange','ClientIP':'$address$','UserId':'$user$','AppId':'$app$',"           \
    "'ClientAppId':'$app$','ClientIPAddress':'$address$','ClientInfoString':'$client$',"        \
    "'ExternalAccess':false,'InternalLogonType':0,'LogonType':0,'LogonUserSid':'$sid$',"        \
    "'MailboxGuid':'$mailbox$','MailboxOwnerSid':'$sid$','MailboxOwnerUPN':'$user$',"
#define EXCHANGE_END                                                                           \
    "'OrganizationName':'$domain$','OriginatingServer':'$server$ (15.20.$build$)\\r\\n',"       \
    "'SessionId':'$session$',"
#define DIRECTORY                                                                              \
    "'ResultStatus':'Success','UserKey':'$puid$@$domain$','UserType':0,'Version':1,"            \
    "'Workload':'AzureActiveDirectory','ObjectId':'$target$','UserId':'$user$',"                \
    "'AzureActiveDirectoryEventType':1,'ExtendedProperties':["                                  \
    "{'Name':'additionalDetails','Value':'{\\'User-Agent\\':\\'$agent$\\'}'},"
#define DIRECTORY_END                                                                          \
    "'Actor':[{'ID':'$user$','Type':5},{'ID':'$puid$','Type':3},"                               \
    "{'ID':'User_$oid$','Type':2},{'ID':'$oid$','Type':2},{'ID':'User','Type':2}],"             \
    "'ActorContextId':'$organization$','InterSystemsId':'$new$','IntraSystemId':'$new$',"       \
    "'SupportTicketId':'','Target':[{'ID':'$target$','Type':2}],"                               \
    "'TargetContextId':'$organization$'}"
#define SIGN_IN                                                                                \
    "'UserKey':'$oid$','UserType':0,'Version':1,'Workload':'AzureActiveDirectory',"             \
    "'ClientIP':'$address$','ObjectId':'00000003-0000-0000-c000-000000000000',"                 \
    "'UserId':'$user$','AzureActiveDirectoryEventType':1,'ExtendedProperties':["
#define SIGN_IN_END                                                                            \
    "{'Name':'UserAgent','Value':'$agent$'},"                                                   \
    "{'Name':'RequestType','Value':'OAuth2:Authorize'}],'ModifiedProperties':[],"               \
    "'Actor':[{'ID':'$oid$','Type':0},{'ID':'$user$','Type':5}],"                               \
    "'ActorContextId':'$organization$','ActorIpAddress':'$address$',"                           \
    "'InterSystemsId':'$session$','IntraSystemId':'$new$','SupportTicketId':'',"                \
    "'Target':[{'ID':'00000003-0000-0000-c000-000000000000','Type':0}],"                        \
    "'TargetContextId':'$organization$','ApplicationId':'$app$','DeviceProperties':["           \
    "{'Name':'Id','Value':'$device$'},{'Name':'OS','Value':'$os$'},"                            \
    "{'Name':'BrowserType','Value':'$browser$'},"                                               \
    "{'Name':'SessionId','Value':'$session$'}],'ErrorNumber':'$error$'"
#define TEAMS                                                                                  \
    "'UserKey':'$oid$','UserType':0,'Version':1,'Workload':'MicrosoftTeams',"                   \
    "'ClientIP':'$address$','UserId':'$user$','CorrelationId':'$new$','DeviceId':'$device$',"   \
    "'ItemName':'teams','ExtraProperties':[{'Key':'OsName','Value':'$os$'},"                    \
    "{'Key':'ClientName','Value':'skypeteams'},{'Key':'UserAgent','Value':'$agent$'}]"

const char *const template_texts[RECORD_KIND_COUNT_] = {
    [RECORD_MAIL_ACCESS] = HEAD EXCHANGE
    "'OperationProperties':[{'Name':'MailAccessType','Value':'$access$'},"
    "{'Name':'IsThrottled','Value':'$throttled$'}]," EXCHANGE_END
    "'Folders':[$folders$],'OperationCount':$count$}",
    [RECORD_MAIL_ITEM] = HEAD EXCHANGE EXCHANGE_END "'Item':$item$}",
    [RECORD_MAIL_ITEMS] = HEAD EXCHANGE EXCHANGE_END
    "'AffectedItems':[$items$],'CrossMailboxOperation':false,"
    "'Folder':{'Id':'$folder_id$','Path':'$folder$'}}",
    [RECORD_MAIL_RULE] = HEAD
    "'ResultStatus':'True','UserKey':'$puid$','UserType':2,'Version':1,"
    "'Workload':'Exchange','ClientIP':'$address$:$port$','ObjectId':'$alias$\\\\$title$',"
    "'UserId':'$user$','AppId':'','ClientAppId':'','ExternalAccess':false,"
    "'OrganizationName':'$domain$','OriginatingServer':'$server$ (15.20.$build$)',"
    "'Parameters':[{'Name':'Name','Value':'$title$'},"
    "{'Name':'SubjectContainsWords','Value':'$title$;$title$'},"
    "{'Name':'MoveToFolder','Value':'$folder$'},"
    "{'Name':'StopProcessingRules','Value':'True'}]}",
    [RECORD_MAIL_SETTING] = HEAD
    "'ResultStatus':'True','UserKey':'$puid$','UserType':2,'Version':1,"
    "'Workload':'Exchange','ClientIP':'$address$:$port$','ObjectId':'$alias$',"
    "'UserId':'$user$','AppId':'','ClientAppId':'','ExternalAccess':false,"
    "'OrganizationName':'$domain$','OriginatingServer':'$server$ (15.20.$build$)',"
    "'Parameters':[{'Name':'Identity','Value':'$target$'},"
    "{'Name':'AuditEnabled','Value':'True'},"
    "{'Name':'ProhibitSendQuota','Value':'99 GB (106,300,440,576 bytes)'},"
    "{'Name':'IssueWarningQuota','Value':'98 GB (105,226,698,752 bytes)'}]}",
    [RECORD_SIGN_IN] = HEAD "'ResultStatus':'Success'," SIGN_IN
    "{'Name':'ResultStatusDetail','Value':'Success'}," SIGN_IN_END "}",
    [RECORD_SIGN_IN_FAILED] = HEAD "'ResultStatus':'Failed'," SIGN_IN
    "{'Name':'ResultStatusDetail','Value':'UserError'}," SIGN_IN_END
    ",'LogonError':'InvalidUserNameOrPassword'}",
    [RECORD_FILE] = HEAD
    "'UserKey':'i:0h.f|membership|$puid$@live.com','UserType':0,'Version':1,"
    "'Workload':'$workload$','ClientIP':'$address$','ObjectId':'$file_url$',"
    "'UserId':'$user$','ApplicationId':'$app$','AuthenticationType':'OAuth',"
    "'BrowserName':'$browser$','CorrelationId':'$new$','EventSource':'SharePoint',"
    "'IsManagedDevice':false,'ItemType':'File','ListId':'$list$','ListItemUniqueId':'$item_id$',"
    "'Site':'$site$','UserAgent':'$agent$','WebId':'$web$','FileSizeBytes':$size$,"
    "'HighPriorityMediaProcessing':false,'SourceFileExtension':'$extension$',"
    "'SiteUrl':'$site_url$','SourceFileName':'$file$',"
    "'SourceRelativeUrl':'Shared Documents/$directory$'}",
    [RECORD_PAGE] = HEAD
    "'UserKey':'i:0h.f|membership|$puid$@live.com','UserType':0,'Version':1,"
    "'Workload':'SharePoint','ClientIP':'$address$','ObjectId':'$site_url$SitePages/Home.aspx',"
    "'UserId':'$user$','AuthenticationType':'OAuth','BrowserName':'$browser$',"
    "'CorrelationId':'$new$','EventSource':'SharePoint','IsManagedDevice':true,"
    "'ItemType':'Page','ListId':'$list$','Site':'$site$','UserAgent':'$agent$',"
    "'WebId':'$web$','CustomUniqueId':false}",
    [RECORD_SEARCH] = HEAD
    "'UserKey':'$oid$','UserType':0,'Version':1,'Workload':'$workload$',"
    "'ClientIP':'$address$','UserId':'$user$','QueryText':'$title$','QuerySource':'OWA',"
    "'ScenarioName':'owa.react','CorrelationId':'$new$','SessionId':'$session$',"
    "'UserAgent':'$agent$','ClientAppId':'$app$','TenantName':'$domain$'}",
    [RECORD_TEAMS] = HEAD TEAMS "}",
    [RECORD_CHAT] = HEAD TEAMS
    ",'ChatThreadId':'19:$thread$@unq.gbl.spaces','CommunicationType':'OneOnOne',"
    "'MessageId':'17$number10$','MessageVersion':'1','ParticipantInfo':{"
    "'HasForeignTenantUsers':false,'HasGuestUsers':false,'HasUnauthenticatedUsers':false,"
    "'ParticipatingTenantIds':['$organization$']},'ResourceTenantId':'$organization$'}",
    [RECORD_DIRECTORY_USER] = HEAD DIRECTORY
    "{'Name':'extendedAuditEventCategory','Value':'User'}],'ModifiedProperties':["
    "{'Name':'Included Updated Properties','NewValue':'StrongAuthenticationMethod',"
    "'OldValue':''},{'Name':'TargetId.UserType','NewValue':'Member','OldValue':''}],"
    DIRECTORY_END,
    [RECORD_DIRECTORY_APP] = HEAD DIRECTORY
    "{'Name':'extendedAuditEventCategory','Value':'ServicePrincipal'}],"
    "'ModifiedProperties':[{'Name':'ConsentContext.IsAdminConsent','NewValue':'True',"
    "'OldValue':''},{'Name':'ConsentAction.Permissions','NewValue':'[] => [[Id: $key$, "
    "ClientId: $new$, PrincipalId: , ResourceId: $resource$, ConsentType: AllPrincipals, "
    "Scope: $scope$]]; ','OldValue':''},{'Name':'TargetId.ServicePrincipalNames',"
    "'NewValue':'$app$','OldValue':''}]," DIRECTORY_END,
    [RECORD_COMPLIANCE_ALERT] = HEAD
    "'ResultStatus':'Succeeded','UserKey':'SecurityComplianceAlerts','UserType':4,"
    "'Version':1,'Workload':'SecurityComplianceCenter','ObjectId':'$new$',"
    "'UserId':'SecurityComplianceAlerts','AlertId':'$new$','AlertType':'System',"
    "'Category':'ThreatManagement','Comments':'New alert','Data':'{\\'etype\\':\\'User\\',"
    "\\'eid\\':\\'$user$\\',\\'tid\\':\\'$organization$\\'}',"
    "'Name':'Creation of forwarding/redirect rule','PolicyId':'$resource$',"
    "'Severity':'Low','Source':'Office 365 Security & Compliance','Status':'Active'}",
};

const struct operation operations[] = {
    {"MailItemsAccessed", RECORD_MAIL_ACCESS, 50, 3500, "Exchange"},
    {"UserLoggedIn", RECORD_SIGN_IN, 15, 1350, "AzureActiveDirectory"},
    {"UserLoginFailed", RECORD_SIGN_IN_FAILED, 15, 350, "AzureActiveDirectory"},
    {"FileAccessed", RECORD_FILE, 6, 1250, "OneDrive"},
    {"FileModified", RECORD_FILE, 6, 480, "SharePoint"},
    {"FileDownloaded", RECORD_FILE, 6, 330, "SharePoint"},
    {"FilePreviewed", RECORD_FILE, 6, 310, "OneDrive"},
    {"PageViewed", RECORD_PAGE, 4, 310, "SharePoint"},
    {"Send", RECORD_MAIL_ITEM, 2, 300, "Exchange"},
    {"FileUploaded", RECORD_FILE, 6, 220, "OneDrive"},
    {"FileSyncDownloadedFull", RECORD_FILE, 6, 200, "SharePoint"},
    {"TeamsSessionStarted", RECORD_TEAMS, 25, 200, "MicrosoftTeams"},
    {"MessageSent", RECORD_CHAT, 25, 160, "MicrosoftTeams"},
    {"MoveToDeletedItems", RECORD_MAIL_ITEMS, 3, 130, "Exchange"},
    {"Update", RECORD_MAIL_ITEM, 2, 120, "Exchange"},
    {"SoftDelete", RECORD_MAIL_ITEMS, 3, 110, "Exchange"},
    {"Create", RECORD_MAIL_ITEM, 2, 100, "Exchange"},
    {"HardDelete", RECORD_MAIL_ITEMS, 3, 90, "Exchange"},
    {"MeetingParticipantDetail", RECORD_CHAT, 25, 80, "MicrosoftTeams"},
    {"SearchQueryInitiatedExchange", RECORD_SEARCH, 77, 70, "Exchange"},
    {"SearchQueryInitiatedSharePoint", RECORD_SEARCH, 78, 60, "SharePoint"},
    {"FileSensitivityLabelApplied", RECORD_FILE, 6, 50, "SharePoint"},
    {"Update user.", RECORD_DIRECTORY_USER, 8, 50, "AzureActiveDirectory"},
    {"Set-Mailbox", RECORD_MAIL_SETTING, 1, 45, "Exchange"},
    {"Update device.", RECORD_DIRECTORY_USER, 8, 30, "AzureActiveDirectory"},
    {"AlertTriggered", RECORD_COMPLIANCE_ALERT, 40, 12, "SecurityComplianceCenter"},
    {"Add app role assignment grant to user.", RECORD_DIRECTORY_APP, 8, 10,
     "AzureActiveDirectory"},
    {"Add member to role.", RECORD_DIRECTORY_USER, 8, 6, "AzureActiveDirectory"},
    {"New-InboxRule", RECORD_MAIL_RULE, 1, 6, "Exchange"},
    {"Update application.", RECORD_DIRECTORY_APP, 8, 5, "AzureActiveDirectory"},
    {"Add service principal.", RECORD_DIRECTORY_APP, 8, 5, "AzureActiveDirectory"},
    {"Set-InboxRule", RECORD_MAIL_RULE, 1, 4, "Exchange"},
    {"Consent to application.", RECORD_DIRECTORY_APP, 8, 4, "AzureActiveDirectory"},
    {"Add-MailboxPermission", RECORD_MAIL_SETTING, 1, 3, "Exchange"},
};

const uint32_t operation_count = sizeof(operations) / sizeof(operations[0]);
