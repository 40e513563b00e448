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

static const struct ask rare_units_cases[] = {
    {"print round(convert_length(1440.0, 'Twip', 'Inch'), 9), round(convert_length(72.27, "
     "'PrinterPoint', 'Inch'), 9), round(convert_length(1.0, 'PrinterPica', 'PrinterPoint'), 9), "
     "round(convert_length(1.0, 'DtpPica', 'DtpPoint'), 9), round(convert_length(1.0, 'DataMile', "
     "'Foot'), 9), round(convert_length(1.0, 'SolarRadius', 'Kilometer'), 3)",
     "[[1,1,12,12,6000,695510]]"},
    {"print convert_energy(1.0, 'KilowattDay', 'KilowattHour'), round(convert_energy(1.0, "
     "'DecathermImperial', 'Joule'), 3), round(convert_force(1.0, 'ShortTonForce', "
     "'PoundForce'), 9), round(convert_mass(1.0, 'SolarMass', 'EarthMass'), 3)",
     "[[24,1055055852.573,2000,333121.798]]"},
    {"print round(convert_temperature(150.0, 'DegreeDelisle', 'DegreeCelsius'), 9), "
     "round(convert_temperature(0.0, 'DegreeCelsius', 'DegreeDelisle'), 9), "
     "round(convert_temperature(33.0, 'DegreeNewton', 'DegreeCelsius'), 9), "
     "round(convert_temperature(60.0, 'DegreeRoemer', 'DegreeCelsius'), 9), "
     "round(convert_temperature(7.5, 'DegreeRoemer', 'DegreeCelsius'), 9), "
     "convert_temperature(2.0, 'SolarTemperature', 'Kelvin')",
     "[[0,150,100,100,0,11556]]"},
    {"print round(convert_angle(0.5, 'Tilt', 'Degree'), 9), round(convert_angle(30.0, 'Degree', "
     "'tilt'), 9), isnan(convert_angle(2.0, 'Tilt', 'Degree')), convert_angle(1.0, 'Tilt', "
     "'Nothing'), convert_angle(1.0, 'Millitilt', 'Degree')",
     "[[30,0.5,true,null,null]]"},
};
ASK_TEST(rare_units, rare_units_cases)

ASK_MAIN(cmocka_unit_test(units), cmocka_unit_test(rare_units))
