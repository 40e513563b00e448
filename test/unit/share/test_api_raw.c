/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent of records is all of them, or it shows. */
#include "fixture.h"

#define RECORD_BYTES (200 * KIB) /* a flush behind each second one */

static struct error err;

struct receiver {
    struct http_response response;
    atomic_bool cancelled;  /* the server stops */
    bool leaves;            /* with the first bytes, which nobody takes */
    struct fixture *others; /* with the first bytes another one asks */
    unsigned others_status; /* what that got */
    uint64_t bytes;
};

static void ask(struct fixture *f, struct receiver *receiver);

static enum status flush(struct http_response *response, struct error *e)
{
    struct receiver *receiver = response->transport;

    response->started = true;
    if (receiver->leaves)
        return ERROR_SET(e, STATUS_CANCELLED, "the client is gone");
    receiver->bytes += response->body.size;
    buf_clear(&response->body);
    if (receiver->others != NULL) {
        struct receiver other = {.cancelled = false};
        ask(receiver->others, &other);
        receiver->others_status = other.response.status;
        http_response_release(&other.response);
    }
    atomic_store(&receiver->cancelled, true);
    return STATUS_OK;
}

static void put_records(struct fixture *f)
{
    struct ingest_request request = {.tenant = f->tenant, .table = SLICE("T_CL")};
    struct ingest_answer answer;
    struct buf body;

    buf_init(&body, MIB);
    for (int i = 0; i < 3; i++) {
        buf_add_format(&body, "{\"n\":%d,\"text\":\"", i);
        for (size_t k = 0; k < RECORD_BYTES; k++)
            buf_add_byte(&body, 'x');
        buf_add_text(&body, "\"}\n");
    }
    request.body = buf_slice(&body);
    ASSERT_OK(ingest_put(f->ingest, &request, f->arena, &answer, &err));
    assert_int_equal(answer.stored, 3);
    buf_release(&body);
}

/* All that there is, as an operator of the instance. */
static void ask(struct fixture *f, struct receiver *receiver)
{
    const struct principal who = {.role = ROLE_OPERATOR, .name = "me"};
    const struct http_pair query[] = {{SLICE("tenant"), SLICE("alpha")},
                                      {SLICE("from-seq"), SLICE("1")},
                                      {SLICE("count"), SLICE("3")}};
    const struct http_request request = {.method = HTTP_GET,
                                         .path = SLICE("/v1/raw"),
                                         .query = query,
                                         .query_count = 3,
                                         .principal = &who,
                                         .remote = SLICE("192.0.2.7"),
                                         .arena = f->arena,
                                         .cancelled = &receiver->cancelled};

    http_response_init(&receiver->response);
    receiver->response.flush = flush;
    receiver->response.transport = receiver;
    http_dispatch(share_router(f->share), &request, &receiver->response);
}

static void an_answer_that_is_stopped_midway_has_no_end(void **state)
{
    struct receiver receiver = {.cancelled = false};

    put_records(*state);
    ask(*state, &receiver);
    assert_in_range(receiver.bytes, 2 * RECORD_BYTES, 3 * RECORD_BYTES);
    assert_int_equal(receiver.response.status, 200);
    assert_true(receiver.response.broken);
    http_response_release(&receiver.response);
}

static void an_answer_that_nobody_takes_has_no_end(void **state)
{
    struct receiver receiver = {.leaves = true};

    put_records(*state);
    ask(*state, &receiver);
    assert_true(receiver.response.broken);
    http_response_release(&receiver.response);
}

static void one_that_is_stopped_before_is_none(void **state)
{
    struct receiver receiver = {.cancelled = true};

    put_records(*state);
    ask(*state, &receiver);
    assert_int_equal(receiver.response.status, 503);
    assert_false(receiver.response.started);
    http_response_release(&receiver.response);
}

/* It may last for days, and pins what it reads. */
static void one_has_a_place_while_it_is_sent(void **state)
{
    struct fixture *f = *state;
    struct receiver receiver = {.others = f}, later = {.cancelled = false};

    gate_release(&f->share->exports);
    gate_init(&f->share->exports, 2); /* one of a tenant */
    put_records(f);
    ask(f, &receiver);
    assert_int_equal(receiver.response.status, 200);
    assert_int_equal(receiver.others_status, 429);
    ask(f, &later);
    assert_int_equal(later.response.status, 200);
    http_response_release(&receiver.response);
    http_response_release(&later.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(an_answer_that_is_stopped_midway_has_no_end),
        FIXTURE_TEST(an_answer_that_nobody_takes_has_no_end),
        FIXTURE_TEST(one_that_is_stopped_before_is_none),
        FIXTURE_TEST(one_has_a_place_while_it_is_sent),
    };

    return RUN_TESTS(tests);
}
