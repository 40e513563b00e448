/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gate.h"

#include "test.h"

static const struct guid one = {{1}}, two = {{2}};

static void one_tenant_gets_half_of_the_places(void **state)
{
    struct gate gate;
    struct error err;

    (void)state;
    gate_init(&gate, 4);
    ASSERT_OK(gate_enter(&gate, &one, NULL, 0, NULL, &err));
    ASSERT_OK(gate_enter(&gate, &one, NULL, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &one, NULL, 0, NULL, &err), STATUS_BUSY);
    ASSERT_OK(gate_enter(&gate, &two, NULL, 0, NULL, &err));
    gate_leave(&gate, &one, NULL);
    ASSERT_OK(gate_enter(&gate, &one, NULL, 0, NULL, &err));
    gate_release(&gate);
}

static void no_more_run_than_there_are_places(void **state)
{
    struct gate gate;
    struct error err;
    struct guid tenant = {{0}};

    (void)state;
    gate_init(&gate, 1000);
    assert_int_equal(gate.place_count, GATE_PLACES_MAX);
    for (uint32_t i = 0; i < gate.place_count; i++) {
        tenant.bytes[0] = (uint8_t)(i + 1);
        ASSERT_OK(gate_enter(&gate, &tenant, NULL, 0, NULL, &err));
    }
    tenant.bytes[0] = 200;
    assert_int_equal(gate_enter(&gate, &tenant, NULL, 60, NULL, &err), STATUS_BUSY);
    gate_release(&gate);
}

static void who_is_gone_does_not_wait(void **state)
{
    struct gate gate;
    struct error err;
    atomic_bool cancelled = true;

    (void)state;
    gate_init(&gate, 2);
    ASSERT_OK(gate_enter(&gate, &one, NULL, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &one, NULL, 60000, &cancelled, &err), STATUS_CANCELLED);
    gate_release(&gate);
}

/* Two that flood leave a place for a third. */
static void the_last_quarter_is_for_those_who_have_none(void **state)
{
    static const struct guid three = {{3}};
    struct gate gate;
    struct error err;

    (void)state;
    gate_init(&gate, 8);
    for (int i = 0; i < 4; i++)
        ASSERT_OK(gate_enter(&gate, &one, NULL, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &one, NULL, 0, NULL, &err), STATUS_BUSY);
    ASSERT_OK(gate_enter(&gate, &two, NULL, 0, NULL, &err));
    ASSERT_OK(gate_enter(&gate, &two, NULL, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &two, NULL, 0, NULL, &err), STATUS_BUSY);
    ASSERT_OK(gate_enter(&gate, &three, NULL, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &three, NULL, 0, NULL, &err), STATUS_BUSY);
    gate_release(&gate);
}

/* Who takes the answers slowly keeps places from the others of the tenant, but not all. */
static void one_principal_gets_half_of_what_its_tenant_gets(void **state)
{
    static const struct guid ann = {{4}}, bob = {{5}};
    struct gate gate;
    struct error err;

    (void)state;
    gate_init(&gate, 8);
    ASSERT_OK(gate_enter(&gate, &one, &ann, 0, NULL, &err));
    ASSERT_OK(gate_enter(&gate, &one, &ann, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &one, &ann, 0, NULL, &err), STATUS_BUSY);
    ASSERT_OK(gate_enter(&gate, &one, &bob, 0, NULL, &err));
    ASSERT_OK(gate_enter(&gate, &two, &ann, 0, NULL, &err)); /* another tenant's places */
    gate_leave(&gate, &one, &ann);
    ASSERT_OK(gate_enter(&gate, &one, &ann, 0, NULL, &err));
    assert_int_equal(gate_enter(&gate, &one, &ann, 0, NULL, &err), STATUS_BUSY);
    gate_release(&gate);
    for (uint64_t places = 0; places < 4; places++) { /* one in any case */
        gate_init(&gate, places);
        ASSERT_OK(gate_enter(&gate, &one, &ann, 0, NULL, &err));
        gate_release(&gate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tenant_gets_half_of_the_places),
        cmocka_unit_test(the_last_quarter_is_for_those_who_have_none),
        cmocka_unit_test(one_principal_gets_half_of_what_its_tenant_gets),
        cmocka_unit_test(no_more_run_than_there_are_places),
        cmocka_unit_test(who_is_gone_does_not_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
