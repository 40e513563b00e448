#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each house rule, broken on purpose: tools/tidy finds it, and finds nothing else."""
import os
import subprocess
import sys
import tempfile
import unittest

TIDY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tools/tidy')
SPDX = '/* SPDX-License-Identifier: Apache-2.0 */\n'


def header(name, body=''):
    guard = name.upper().replace('/', '_').replace('.', '_')
    return f'{SPDX}#ifndef {guard}\n#define {guard}\n{body}\n#endif\n'


def source(name, body=''):
    return f'{SPDX}#include "{name}"\n{body}'


def clean_tree():
    files = {'src/LAYERS': '# the order\nbase\nleft right\ntop\n'}
    for module in ('base', 'left', 'right', 'top'):
        files |= {
            f'src/{module}/README': f'{module} - a module.\n\n{module}.c  it\n',
            f'src/{module}/meson.build': '# SPDX-License-Identifier: Apache-2.0\n'
                                         f"sources = files('{module}.c')\ntests = ['{module}']\n",
            f'src/{module}/{module}.h': header(f'{module}/{module}.h', f'int {module}_of(int x);'),
            f'src/{module}/{module}.c': source(f'{module}/{module}.h'),
            f'test/unit/{module}/test_{module}.c': SPDX,
        }
    return files


class Tidy(unittest.TestCase):
    def run_tidy(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for path, text in (clean_tree() | changes).items():
                if text is None:
                    continue
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, 'w', encoding='utf-8') as f:
                    f.write(text)
            done = subprocess.run([sys.executable, TIDY, root], capture_output=True, text=True,
                                  check=False)
        self.assertEqual('', done.stderr)
        return done.returncode, done.stdout

    def finds(self, changes, *wanted):
        code, out = self.run_tidy(changes)
        self.assertEqual(1, code, out)
        for what in wanted:
            self.assertIn(what, out)
        self.assertEqual(len(wanted), len(out.splitlines()), out)

    def passes(self, changes):
        self.assertEqual((0, ''), self.run_tidy(changes))

    def in_left(self, body, *wanted):
        change = {'src/left/left.c': source('left/left.h', body)}
        if wanted:
            self.finds(change, *wanted)
        else:
            self.passes(change)

    def test_a_clean_tree_passes(self):
        self.passes({})

    def test_layers(self):
        self.in_left('#include "base/base.h"\n')
        self.in_left('#include "right/right.h"\n', "left.c:3: 'left' may not include its sibling")
        self.in_left('#include "top/top.h"\n', "left.c:3: 'left' may not include 'top', later")
        self.in_left('#include "base/none.h"\n', "left.c:3: no such header 'base/none.h'")
        self.in_left('#include "left.h"\n', "left.c:3: write the module too: 'left/left.h'")

    def test_a_module_must_be_listed(self):
        self.finds({'src/LAYERS': 'base\nleft right\n'}, 'src/top:0: module is not in src/LAYERS')

    def test_private_headers_stay_in_their_module(self):
        private = {'src/base/in_priv.h': header('base/in_priv.h')}
        self.passes(private | {'src/base/base.c': source('base/base.h',
                                                         '#include "base/in_priv.h"\n')})
        self.finds(private | {'src/top/top.c': source('top/top.h', '#include "base/in_priv.h"\n')},
                   "top.c:3: 'base/in_priv.h' is private to 'base'")

    def test_order_of_includes(self):
        self.in_left('#include <stdio.h>\n#include "base/base.h"\n', 'stands after a system header')
        self.finds({'src/left/left.c': SPDX + '#include "base/base.h"\n#include "left/left.h"\n'},
                   "include the own header 'left/left.h' first")

    def test_a_header_compiles_alone(self):
        self.finds({'src/left/left.h': header('left/left.h', 'size_t left_size(void);')},
                   'left.h:1: does not compile alone')

    def test_include_guards(self):
        self.finds({'src/left/left.h': SPDX + '#ifndef L\n#define L\n#endif\n'},
                   'include guard is not LEFT_LEFT_H')

    def test_length_of_functions(self):
        body = 'static void go(void)\n{\n%s}\n'
        self.in_left(body % ('    ;\n' * 68))
        self.in_left(body % ('    ;\n' * 69), 'left.c:4: function has 71 lines, at most 70')
        self.in_left('/* tidy: long */\n' + body % ('    ;\n' * 69))

    def test_length_of_files_and_lines(self):
        self.in_left('int;\n' * 1200, 'left.c:1200: file has 1202 lines')
        self.in_left('/* ' + 'x' * 95 + ' */\n', 'left.c:3: line has 101 columns')

    def test_pages_are_wrapped(self):
        row, word = '|' + 'x' * 120 + '|\n', 'x' * 60
        self.finds({'docs/a.md': f'{word} {word}\n'}, 'docs/a.md:1: line has 121 columns')
        self.finds({'README.md': f'{word} {word}\n'}, 'README.md:1: line has 121 columns')
        self.passes({'docs/a.md': row + f'```\n{row}```\n![{row[1:-2]}](a.svg)\n{word}\n'})

    def test_parameters(self):
        six = 'int a, int b, int c, int d, int e, int f'
        self.in_left(f'int left_go({six}, struct error *err)\n{{\n}}\n')
        self.in_left(f'int left_go({six}, int g)\n{{\n}}\n', 'left_go() has 7 parameters')
        self.in_left(f'struct vtable {{\n    int (*go)({six}, int g);\n}};\n')
        self.in_left(f'int left_go({six},\n            int (*g)(int, int))\n{{\n}}\n',
                     'left_go() has 7 parameters')

    def test_banned_calls_name_their_replacement(self):
        for name in ('strcpy', 'sprintf', 'atoi', 'strtol', 'localtime', 'alloca', 'assert'):
            self.in_left(f'static void go(void)\n{{\n    {name}(a);\n}}\n',
                         f'left.c:5: {name}() is banned, use ')
        self.in_left('/* atoi() is banned */\nstatic const char *const s = "system(x)";\n')
        self.in_left('static void go(void)\n{\n    my_assert(x->system(1));\n}\n')

    def test_an_ignored_status(self):
        status = {'src/left/left.h': header('left/left.h', 'enum status { OK };\n'
                                            'enum status left_do(int x);')}
        self.finds(status | {'src/left/left.c': source('left/left.h', 'static void go(void)\n{\n'
                                                       '    (void)left_do(1);\n}\n')},
                   'left.c:5: the status of left_do() is ignored')

    def test_a_switch_over_an_enum_has_no_default(self):
        enum = 'enum kind { KIND_A, KIND_B };\n'
        switch = ('static void go(int k)\n{\n    switch (k) {\n    case %s:\n        break;\n'
                  '    default:\n        break;\n    }\n}\n')
        self.in_left(enum + switch % 'KIND_A', 'left.c:6: a switch over an enum')
        self.in_left(enum + switch % "'x'")
        self.in_left(enum + switch % 'EINTR')

    def test_one_exit_label_and_forward_jumps(self):
        self.in_left('static void go(void)\n{\n    goto out;\nout:\n    return;\n}\n')
        self.in_left('static void go(void)\n{\n    goto bad;\nbad:\n    return;\n}\n',
                     "one exit label 'out:', not 'bad'")
        self.in_left('static void go(void)\n{\nout:\n    goto out;\n}\n', 'jumps go forward')

    def test_no_typedef_of_structs(self):
        self.in_left('typedef struct thing {\n    int x;\n} thing;\n', 'no typedef of a struct')
        self.in_left('typedef enum status (*callback)(int x);\n')

    def test_no_globals(self):
        self.in_left('static int count;\n', 'no globals but const tables')
        self.in_left('static const int count = 1;\n')
        self.in_left('static struct {\n    int count;\n} state;\n', 'left.c:3: no globals')
        self.in_left('static struct state {\n    int n;\n} state = {.n = 1};\n', 'no globals')
        self.in_left('static const struct {\n    int n;\n} table[] = {{1}};\n')
        self.in_left('static int count; /* of what */\n', 'no globals')
        self.in_left('static const char *name;\n', 'no globals')
        self.in_left('static const char *const names[] = {"a"};\n')
        self.in_left('static int next(void)\n{\n    static int n;\n    return n++;\n}\n',
                     'left.c:5: no globals')
        self.finds({'src/left/left.c': source('left/left.h', 'static int n;\n'),
                    'tools/tidy.toml': '# SPDX-License-Identifier: Apache-2.0\n'
                                       '[globals]\n"src/gone.c" = "why"\n'},
                   'no globals', "[globals] names 'src/gone.c', which is not there")

    def test_only_faces_log(self):
        log = {'src/base/log.h': header('base/log.h')}
        self.finds(log | {'src/left/left.c': source('left/left.h', '#include "base/log.h"\n')},
                   "'left' may not log")

    def test_leftovers(self):
        self.in_left('/* FIX' 'ME */\n', 'leftover')
        self.in_left('/* TO' 'DO: this */\n', 'without the page in docs/')
        self.in_left('/* TO' 'DO: docs/design/later.md */\n')

    def test_blanks_tabs_and_the_last_newline(self):
        self.in_left('int x; \n', 'left.c:3: trailing blank')
        self.in_left('\tint x;\n', 'left.c:3: tab')
        self.in_left('int x;', 'no newline at the end')

    def test_the_licence_line(self):
        self.finds({'test/unit/left/test_left.c': '/* hello */\n'}, 'first line is not')
        self.finds({'tools/x.py': '#!/usr/bin/env python3\n'}, 'first line is not')

    def test_each_file_has_its_unit_test(self):
        self.finds({'test/unit/left/test_left.c': None}, 'no test/unit/left/test_left.c')
        self.passes({'test/unit/left/test_left.c': None,
                     'tools/tidy.toml': '# SPDX-License-Identifier: Apache-2.0\n'
                                        '[untested]\n"src/left/left.c" = "a reason"\n'})
        self.finds({'test/unit/left/test_other.c': SPDX}, 'is not in the tests of')

    def test_the_readme_names_each_file(self):
        self.finds({'src/left/README': 'left - a module.\n'}, 'does not name left.c')
        self.finds({'src/left/README': 'left.c  it\ngone.c  what\n'}, 'names gone.c')
        self.finds({'src/left/README': None}, 'src/left/README:0: missing')

    def test_meson_builds_each_file(self):
        self.finds({'src/left/meson.build': '# SPDX-License-Identifier: Apache-2.0\n'
                                            "sources = files()\ntests = ['left']\n"},
                   'does not build left.c')

    def test_a_fuzz_target_has_seeds(self):
        self.finds({'test/fuzz/fuzz_json.c': SPDX}, 'its corpus has 0 seeds')


if __name__ == '__main__':
    unittest.main()
