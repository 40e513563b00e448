/* SPDX-License-Identifier: Apache-2.0 */
/* webhook.h - delivers alerts to one URL, in order, with retries.
 *
 * A bounded queue and one thread.  At most WEBHOOK_TRIES_MAX tries with growing
 * pauses; what could not be delivered is counted (the alert itself is durable
 * in SecurityAlert).  Header Daybook-Alert carries the id, so that a receiver
 * can recognise a repeat.
 */
#ifndef DETECT_WEBHOOK_H
#define DETECT_WEBHOOK_H

#include "detect/detect.h"

#define WEBHOOK_TRIES_MAX 8u

struct webhook;

enum status webhook_new(struct webhook **ret, struct error *err) MUST_USE;
/* An empty url stops delivery. */
enum status webhook_set(struct webhook *webhook, struct slice url, bool allow_private,
                        struct error *err) MUST_USE;
void webhook_put(struct webhook *webhook, const struct detect_alert *alert); /* does not block */
/* Sends what is queued while the receiver takes it, and begins no more after ten
 * seconds; what it refuses first ends that. */
void webhook_free(struct webhook *webhook);

struct webhook_stats {
    uint64_t delivered, failed, dropped, queue_depth;
    char failure[ERROR_TEXT_BYTES]; /* "" or why the last one failed */
};
void webhook_stats(struct webhook *webhook, struct webhook_stats *ret);

#endif
