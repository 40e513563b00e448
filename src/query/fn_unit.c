/* SPDX-License-Identifier: Apache-2.0 */
/* fn_unit.c - convert_length() and its like: a unit is a factor to its kind's base
 * unit, found by name, by a metric prefix before a name, or as a length per time.  The
 * figures are those of UnitsNet, whose names Kusto's units have. */
#include "query/fn_priv.h"

#include <math.h>

struct unit {
    const char *name;
    double factor;
};

static const struct unit lengths[] = {
    {"Meter", 1},           {"Inch", 0.0254},         {"Foot", 0.3048},
    {"Yard", 0.9144},       {"Mile", 1609.344},       {"NauticalMile", 1852},
    {"Angstrom", 1e-10},    {"Mil", 0.0000254},       {"Microinch", 2.54e-8},
    {"Fathom", 1.8288},     {"Hand", 0.1016},         {"Shackle", 27.432},
    {"Chain", 20.1168},     {"UsSurveyFoot", 1200.0 / 3937},
    {"AstronomicalUnit", 1.495978707e11},             {"LightYear", 9.46073047258e15},
    {"Parsec", 3.08567758128e16},                     {"DataMile", 1828.8},
    {"DtpPica", 0.0254 / 6}, {"DtpPoint", 0.0254 / 72}, {"PrinterPica", 0.0254 * 400 / 2409},
    {"PrinterPoint", 0.0254 / 72.27},                 {"SolarRadius", 6.9551e8},
    {"Twip", 0.0254 / 1440}, {NULL, 0}};
static const struct unit angles[] = {
    {"Degree", 1},        {"Radian", 57.295779513082320877}, {"Revolution", 360},
    {"Arcminute", 1.0 / 60}, {"Arcsecond", 1.0 / 3600},      {"Gradian", 0.9},
    {"NatoMil", 0.05625}, {NULL, 0}};
static const struct unit energies[] = {
    {"Joule", 1},           {"Calorie", 4.184},           {"BritishThermalUnit", 1055.05585262},
    {"WattHour", 3600},     {"Erg", 1e-7},                {"ElectronVolt", 1.602176565e-19},
    {"FootPound", 1.355817948}, {"HorsepowerHour", 2.6845195377e6},
    {"ThermUs", 1.054804e8}, {"ThermEc", 1.05505585262e8},
    {"ThermImperial", 1.05505585257348e8}, {"WattDay", 86400}, {NULL, 0}};
static const struct unit forces[] = {{"Newton", 1},
                                     {"Dyn", 1e-5},
                                     {"KilogramForce", 9.80665},
                                     {"KiloPond", 9.80665},
                                     {"TonneForce", 9806.65},
                                     {"ShortTonForce", 8896.443230521},
                                     {"PoundForce", 4.4482216152605},
                                     {"OunceForce", 0.27801385095378},
                                     {"Poundal", 0.138254954376},
                                     {NULL, 0}};
static const struct unit masses[] = {
    {"Gram", 1},            {"Tonne", 1e6},           {"Pound", 453.59237},
    {"Ounce", 28.349523125}, {"Stone", 6350.29318},   {"Grain", 0.06479891},
    {"ShortTon", 907184.74}, {"LongTon", 1016046.9088}, {"Slug", 14593.90294},
    {"LongHundredweight", 50802.34544}, {"ShortHundredweight", 45359.237},
    {"EarthMass", 5.9722e27}, {"SolarMass", 1.98947e33}, {NULL, 0}};
static const struct unit volumes[] = {
    {"Liter", 1},               {"CubicMeter", 1000},        {"CubicDecimeter", 1},
    {"CubicCentimeter", 1e-3},  {"CubicMillimeter", 1e-6},   {"CubicKilometer", 1e12},
    {"CubicInch", 0.016387064}, {"CubicFoot", 28.316846592}, {"CubicYard", 764.554857984},
    {"CubicMile", 4.168181825440580e12},                     {"UsGallon", 3.785411784},
    {"ImperialGallon", 4.54609}, {"UsQuart", 0.946352946},   {"UsPint", 0.473176473},
    {"UsOunce", 0.0295735295625}, {"OilBarrel", 158.987294928},
    {"AcreFoot", 1e3 / 0.000810714},     {"AuTablespoon", 0.02},
    {"BoardFoot", 2.359737216},          {"CubicHectometer", 1e9},
    {"CubicMicrometer", 1e-15},          {"DecausGallon", 37.85411784},
    {"DeciusGallon", 0.3785411784},      {"HectocubicFoot", 2831.6846592},
    {"HectocubicMeter", 1e5},            {"HectousGallon", 378.5411784},
    {"ImperialBeerBarrel", 163.65924},   {"ImperialOunce", 0.0284130625},
    {"ImperialPint", 0.56826125},        {"KilocubicFoot", 28316.846592},
    {"KilocubicMeter", 1e6},             {"KiloimperialGallon", 4546.09},
    {"KilousGallon", 3785.411784},       {"MegacubicFoot", 28316846.592},
    {"MegaimperialGallon", 4546090},     {"MegausGallon", 3785411.784},
    {"MetricCup", 0.25},                 {"MetricTeaspoon", 0.005},
    {"UkTablespoon", 0.015},             {"UsBeerBarrel", 117.347765304},
    {"UsCustomaryCup", 0.2365882365},    {"UsLegalCup", 0.24},
    {"UsTablespoon", 0.01478676478125},  {"UsTeaspoon", 0.00492892159375},
    {NULL, 0}};

static bool starts_with(struct slice text, const char *head, struct slice *rest)
{
    struct slice h = slice_of(head);

    if (text.size < h.size || memcmp(text.data, h.data, h.size) != 0)
        return false;
    *rest = slice_tail(text, h.size);
    return true;
}

static bool find_unit(const struct unit *units, struct slice name, double *ret)
{
    for (; units->name != NULL; units++) {
        if (slice_equal_nocase(name, slice_of(units->name))) {
            *ret = units->factor;
            return true;
        }
    }
    return false;
}

static bool factor_of(const struct unit *units, struct slice name, double *ret)
{
    static const struct unit prefixes[] = {
        {"Nano", 1e-9}, {"Micro", 1e-6}, {"Milli", 1e-3}, {"Centi", 1e-2}, {"Deci", 1e-1},
        {"Deca", 1e1},  {"Hecto", 1e2},  {"Kilo", 1e3},   {"Mega", 1e6},   {"Giga", 1e9},
        {"Tera", 1e12}};
    struct slice rest;

    if (find_unit(units, name, ret))
        return true;
    for (uint32_t i = 0; i < COUNT_OF(prefixes); i++) {
        if (starts_with(name, prefixes[i].name, &rest) && find_unit(units, rest, ret)) {
            *ret *= prefixes[i].factor;
            return true;
        }
    }
    return false;
}

static bool factor_of_speed(struct slice name, double *ret)
{
    static const struct unit times[] = {{"PerSecond", 1},
                                        {"PerMinute", 1.0 / 60},
                                        {"PerHour", 1.0 / 3600},
                                        {NULL, 0}};
    static const struct unit others[] = {
        {"Knot", 1852.0 / 3600}, {"Mach", 340.29}, {NULL, 0}};

    for (const struct unit *t = times; t->name != NULL; t++) {
        struct slice tail = slice_of(t->name);
        if (name.size > tail.size && slice_equal(slice_tail(name, name.size - tail.size), tail) &&
            factor_of(lengths, slice_head(name, name.size - tail.size), ret)) {
            *ret *= t->factor;
            return true;
        }
    }
    return factor_of(others, name, ret);
}

static enum status convert(const struct unit *units, const struct value *args, struct value *ret)
{
    double from;
    double to;

    if (units == NULL ? factor_of_speed(args[1].bytes, &from) && factor_of_speed(args[2].bytes, &to)
                      : factor_of(units, args[1].bytes, &from) &&
                            factor_of(units, args[2].bytes, &to))
        return give_real(ret, args[0].real * from / to);
    return STATUS_OK; /* a unit that is not known gives null */
}

/* A tilt is the sine of its angle, not a part of a circle. */
static enum status row_angle(ROW_PARAMETERS)
{
    double from = 1;
    double to = 1;
    bool from_tilt = slice_equal_nocase(args[1].bytes, SLICE("Tilt"));
    bool to_tilt = slice_equal_nocase(args[2].bytes, SLICE("Tilt"));

    (void)eval, (void)arg_count, (void)err;
    if ((!from_tilt && !factor_of(angles, args[1].bytes, &from)) ||
        (!to_tilt && !factor_of(angles, args[2].bytes, &to)))
        return STATUS_OK;
    double degrees = from_tilt ? asin(args[0].real) * 180 / M_PI : args[0].real * from;
    return give_real(ret, to_tilt ? sin(degrees / 180 * M_PI) : degrees / to);
}
ROW_EVAL(row_angle, TYPE_REAL)

/* Kelvin and back. */
static bool scale_of(struct slice name, double *factor, double *zero)
{
    static const struct {
        const char *name;
        double factor, zero;
    } scales[] = {{"Kelvin", 1, 0},
                  {"DegreeCelsius", 1, 273.15},
                  {"DegreeFahrenheit", 5.0 / 9, 459.67 * 5 / 9},
                  {"DegreeRankine", 5.0 / 9, 0},
                  {"DegreeReaumur", 1.25, 273.15},
                  {"DegreeDelisle", -2.0 / 3, 373.15},
                  {"DegreeNewton", 100.0 / 33, 273.15},
                  {"DegreeRoemer", 40.0 / 21, 273.15 - 7.5 * 40 / 21},
                  {"SolarTemperature", 5778, 0},
                  {"MillidegreeCelsius", 1e-3, 273.15}};

    for (uint32_t i = 0; i < COUNT_OF(scales); i++) {
        if (slice_equal_nocase(name, slice_of(scales[i].name))) {
            *factor = scales[i].factor;
            *zero = scales[i].zero;
            return true;
        }
    }
    return false;
}

static enum status row_temperature(ROW_PARAMETERS)
{
    double factor[2];
    double zero[2];

    (void)eval, (void)arg_count, (void)err;
    if (!scale_of(args[1].bytes, &factor[0], &zero[0]) ||
        !scale_of(args[2].bytes, &factor[1], &zero[1]))
        return STATUS_OK;
    return give_real(ret, (args[0].real * factor[0] + zero[0] - zero[1]) / factor[1]);
}
ROW_EVAL(row_temperature, TYPE_REAL)

#define CONVERT(NAME, UNITS)                                                                       \
    static enum status row_##NAME(ROW_PARAMETERS)                                                  \
    {                                                                                              \
        (void)eval, (void)arg_count, (void)err;                                                    \
        return convert((UNITS), args, ret);                                                        \
    }                                                                                              \
    ROW_EVAL(row_##NAME, TYPE_REAL)
CONVERT(length, lengths)
CONVERT(energy, energies)
CONVERT(force, forces)
CONVERT(mass, masses)
CONVERT(volume, volumes)
CONVERT(speed, NULL)

BIND(bind_convert, "rss", TYPE_REAL)

#define UNIT(NAME, EXAMPLE)                                                                        \
    {.name = "convert_" #NAME, .signature = "convert_" #NAME "(value, from, to)",                  \
     .summary = "a " #NAME " in another unit", .example = "convert_" #NAME EXAMPLE,                \
     .args_min = 3, .args_max = 3, .bind = bind_convert, .eval = eval_row_##NAME}

static const struct function functions[] = {
    UNIT(length, "(1, 'Kilometer', 'Meter') == 1000"),
    UNIT(angle, "(1, 'Degree', 'Arcminute') == 60"),
    UNIT(energy, "(1, 'Kilojoule', 'Joule') == 1000"),
    UNIT(force, "(1, 'Decanewton', 'Newton') == 10"),
    UNIT(mass, "(1, 'Kilogram', 'Gram') == 1000"),
    UNIT(volume, "(1, 'CubicMeter', 'Liter') == 1000"),
    UNIT(speed, "(36, 'KilometerPerHour', 'MeterPerSecond') == 10"),
    UNIT(temperature, "(0, 'DegreeCelsius', 'Kelvin') == 273.15"),
};

FUNCTION_FAMILY(unit, functions);
