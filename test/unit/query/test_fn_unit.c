/* SPDX-License-Identifier: Apache-2.0 */
/* Units of length, mass and the like. */
#include "ask.h"

static const struct ask units_cases[] = {
    {"print convert_length(1.2, 'Foot', 'Meter'), convert_mass(1.0, 'Kilogram', 'Gram'), "
     "convert_volume(1.2, 'CubicMeter', 'AcreFoot')",
     "[[0.36576000000000003,1000,0.0009728568]]"},
    {"print convert_temperature(100.0, 'DegreeCelsius', 'Kelvin'), convert_angle(180.0, "
     "'Degree', 'Revolution'), convert_speed(36.0, 'KilometerPerHour', 'MeterPerSecond')",
     "[[373.15,0.5,10]]"},
    {"print convert_energy(1.0, 'Kilojoule', 'Joule'), convert_force(1.0, 'Kilonewton', "
     "'Newton')",
     "[[1000,1000]]"},
    {"print convert_length(1.2, 'Foot', 'Nothing'), convert_mass(real(null), 'Gram', 'Gram')",
     "[[null,null]]"},
    {"print convert_length(1.2, 'Foot')",
     "! 'convert_length' takes 3 arguments, found 2"},
};
ASK_TEST(units, units_cases)

ASK_MAIN(cmocka_unit_test(units))
