/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - tells the service manager how the service is (sd_notify(3), without its library). */
#ifndef MAIN_NOTIFY_H
#define MAIN_NOTIFY_H

/* Finds the socket that NOTIFY_SOCKET names; without it nothing is sent. */
void notify_open(void);
/* "READY=1", "STOPPING=1".  Signal handlers may call it. */
void notify_send(const char *state);

#endif
