/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - the mail that is in the mailboxes.
 *
 * Message `number` of a user always has the same id, subject and folder, so two
 * accesses to it agree.  Some messages went to several users of the tenant and
 * have one InternetMessageId in all their mailboxes.
 */
#ifndef GENERATE_MESSAGE_H
#define GENERATE_MESSAGE_H

#include "generate/world.h"

#define FOLDER_COUNT 10u
#define MESSAGE_ID_BYTES 160u

/* A message of this folder, mostly a recent one, `day` days after the start. */
uint32_t message_pick(const struct user *user, struct rng *rng, uint32_t day, uint32_t folder);
uint32_t message_folder(struct rng *rng); /* the inbox most of the time */

void message_id(const struct world *world, const struct user *user, uint32_t number,
                struct text *text); /* with its angle brackets */
void message_item_id(const struct user *user, uint32_t number, struct text *text);
void message_subject(const struct world *world, const struct user *user, uint32_t number,
                     struct text *text);
void message_folder_id(const struct user *user, uint32_t folder, struct text *text);
struct slice message_folder_path(uint32_t folder); /* as it is in JSON: \\Inbox */

#endif
