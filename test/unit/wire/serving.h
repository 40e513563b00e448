/* SPDX-License-Identifier: Apache-2.0 */
/* serving.h - each test of a file has a server with the routes of fixture.h. */
#ifndef TEST_WIRE_SERVING_H
#define TEST_WIRE_SERVING_H

#include "fixture.h"

static struct fixture fixture;
static struct http_router router;

static inline int setup(void **state)
{
    (void)state;
    fixture_start(&fixture, &router);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    fixture_stop(&fixture);
    return 0;
}

#endif
