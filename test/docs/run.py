#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run - the documentation is true: every example runs and prints what the page shows.

Reads README.md and docs/user/*.md.  A fenced block ```console test is a session of a shell:
lines `$ COMMAND` (continued while they end in a backslash, or by lines `> ...`), each followed
by its output.  `...` in a line stands for anything, a line `...` for any lines.  The blocks of
a page are one session in a directory of their own, with `daybook` on the path; port 8443 is
replaced by a free one.  A command ends with 0 unless `$ echo $?` follows it.

Also: cli.md has every command and option that --help has and no other, each command has a man page
that is installed, metrics.md has every metric, api.md every route and code, config.md every
setting; links lead somewhere, tables.md is what tools/tables writes, each page is in its index.

The last line is `N passed, N failed`.  With names of pages only those run.
"""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get('DAYBOOK_BUILD', os.path.join(ROOT, 'build'))
DAYBOOK = os.path.join(BUILD, 'daybook')
PORT = '8443'  # in the pages
COMMAND_S = 60
FENCE = re.compile(r'^```(.*)$')


class Step:
    def __init__(self, page, line, command):
        self.page, self.line, self.command = page, line, command
        self.expected = []

    def matches(self, output):
        pattern = ''
        for line in self.expected:
            if line.strip() == '...':
                pattern += r'(?:.*\n)*?'
            else:
                pattern += '.*'.join(re.escape(part.rstrip()) for part in line.split('...'))
                pattern += r'[ \t\r]*\n'
        return re.fullmatch(pattern, output) is not None


def blocks(path):
    """(line, words behind the fence, lines) of each fenced block."""
    words, start, lines = None, 0, []
    with open(path, encoding='utf-8') as file:
        for number, line in enumerate(file.read().split('\n'), 1):
            fence = FENCE.match(line)
            if fence and words is None:
                words, start, lines = fence[1].split(), number, []
            elif fence:
                yield start, words, lines
                words = None
            elif words is not None:
                lines.append(line)


def steps_of(path):
    steps = []
    for start, words, lines in blocks(path):
        if words != ['console', 'test']:
            continue
        open_line = False
        for number, line in enumerate(lines, start + 1):
            if line.startswith('$ '):
                steps.append(Step(os.path.relpath(path, ROOT), number, line[2:]))
                open_line = line.endswith('\\')
            elif open_line or line.startswith('> '):
                steps[-1].command += '\n' + (line[2:] if line.startswith('> ') else line)
                open_line = line.endswith('\\')
            else:
                steps[-1].expected.append(line)
    return steps


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return str(s.getsockname()[1])


class Shell:
    """A bash in a directory of its own; what it started ends with it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix='daybook-docs-')
        self.port = free_port()
        tools = os.path.join(self.directory, '.bin')
        os.mkdir(tools)
        shim = os.path.join(tools, 'daybook')
        with open(shim, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\ncase "$1 $*" in\n'
                       '"serve "*--listen*|"serve "*--help*) ;;\n'
                       f'"serve "*) set -- "$@" --listen 127.0.0.1:{self.port} ;;\nesac\n'
                       f'exec "{DAYBOOK}" "$@"\n')
        os.chmod(shim, 0o755)
        env = {k: v for k, v in os.environ.items() if not k.startswith('DAYBOOK_')}
        env |= {'PATH': f"{tools}:{os.environ['PATH']}", 'HOME': self.directory,
                'LC_ALL': 'C.UTF-8', 'NO_COLOR': '1'}
        self.process = subprocess.Popen(['bash', '--norc', '--noprofile'], cwd=self.directory,
                                        env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        self.output = ''
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for chunk in iter(lambda: os.read(self.process.stdout.fileno(), 65536), b''):
            self.output += chunk.decode('utf-8', 'replace')

    def run(self, step, number):
        """(exit code, output) of the step; None as the code when it does not end."""
        script = os.path.join(self.directory, '.step')
        with open(script, 'w', encoding='utf-8') as file:
            file.write('(exit $last)\n' + step.command.replace(PORT, self.port) + '\n')
        mark = f'@@{number}@@'
        self.process.stdin.write((f'source .step </dev/null; last=$?; echo "{mark}$last"\n')
                                 .encode())
        self.process.stdin.flush()
        background = step.command.rstrip().endswith('&')
        end = time.monotonic() + COMMAND_S
        while True:
            found = re.search(mark + r'(\d+)\n', self.output)
            output = re.sub(mark + r'\d+\n', '', self.output).replace(self.port, PORT)
            late = time.monotonic() > end or self.process.poll() is not None
            if found and (not background or step.matches(output) or late):
                self.output = ''
                return int(found[1]), output
            if late:
                return None, output
            time.sleep(0.01)

    def close(self):
        # The session is ours: everything in it was started by the page.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            for _ in range(50 if number == signal.SIGTERM else 0):
                if not self.others():
                    break
                time.sleep(0.1)
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def others(self):
        found = subprocess.run(['ps', '-o', 'pid=,stat=', '-g', str(self.process.pid)], text=True,
                               capture_output=True, check=False).stdout.splitlines()
        return [line for line in found if 'Z' not in line.split()[1] and
                int(line.split()[0]) != self.process.pid]


class Count:
    passed = failed = 0

    def add(self, ok, name, detail=''):
        self.passed += ok
        self.failed += not ok
        if not ok:
            print(f'FAILED: {name}\n{detail}', flush=True)


def run_page(path, count):
    steps = steps_of(path)
    if not steps:
        return
    shell = Shell()
    try:
        for i, step in enumerate(steps):
            code, output = shell.run(step, i)
            free = i + 1 < len(steps) and steps[i + 1].command == 'echo $?'
            ok = step.matches(output) and (code == 0 or (free and code is not None))
            count.add(ok, f'{step.page}:{step.line}: {step.command}',
                      f'--- exit {code}, output:\n{output}--- the page says:\n'
                      + '\n'.join(step.expected))
            if code is None:
                return
    finally:
        shell.close()


def help_of(*words):
    return subprocess.run([DAYBOOK, *words, '--help'], text=True, capture_output=True,
                          check=False).stdout


def commands():
    return re.findall(r'^  ([a-z]+) +\S', help_of(), re.M)


def check_cli(count):
    """Every command has a section in cli.md that names its options, and only those."""
    with open(os.path.join(ROOT, 'docs/user/cli.md'), encoding='utf-8') as file:
        text = file.read()
    sections = dict(re.findall(r'^## daybook ([a-z]+)\n(.*?)(?=^## |\Z)', text, re.M | re.S))
    count.add(sorted(sections) == sorted(commands()), 'cli.md has a section for each command',
              f'sections {sorted(sections)}\ncommands {sorted(commands())}')
    option = re.compile(r'^  (--?[a-z0-9-]+)', re.M)
    common = {'--data', '--server', '--cacert', '-o', '--help'}
    for name in sections.keys() & set(commands()):
        has = set(option.findall(help_of(name)))
        says = set(re.findall(r'^- `(--?[a-z0-9-]+)', sections[name], re.M))
        wanted = has - common if name not in ('init', 'serve', 'certificate') else has - {'--help'}
        count.add(says == wanted, f'cli.md: options of daybook {name}',
                  f'missing {sorted(wanted - says)}, not there {sorted(says - wanted)}')


def check_man(count):
    """Each command has a man page that is installed: meson wants their names."""
    with open(os.path.join(ROOT, 'pkg/meson.build'), encoding='utf-8') as file:
        names = re.search(r'foreach command : \[(.*?)\]', file.read(), re.S)[1]
    says = re.findall(r"'([a-z]+)'", names)
    count.add(sorted(says) == sorted(commands()), 'each command has a man page',
              f'pkg/meson.build {sorted(says)}\ncommands {sorted(commands())}')


def check_metrics(count):
    """The metrics of the source are those of the page."""
    wanted = set()
    for name in ('src/share/api_status.c', 'src/main/proc_server.c'):
        with open(os.path.join(ROOT, name), encoding='utf-8') as file:
            text = file.read()
            wanted |= set(re.findall(r'\{"([a-z0-9_]+)",\s+"(?:[a-z]+",\s+")?[A-Z]', text))
            wanted |= set(re.findall(r'# TYPE daybook_([a-z0-9_]+) ', text))
    with open(os.path.join(ROOT, 'docs/user/metrics.md'), encoding='utf-8') as file:
        says = set(re.findall(r'^\| `daybook_([a-z0-9_]+)`', file.read(), re.M))
    count.add(says == wanted, 'metrics.md has every metric',
              f'missing {sorted(wanted - says)}, not there {sorted(says - wanted)}')


def check_routes(count):
    """The routes of the source are those of api.md."""
    with open(os.path.join(ROOT, 'src/share/share.c'), encoding='utf-8') as file:
        wanted = set(re.findall(r'\{HTTP_([A-Z]+), "([^"]+)"', file.read()))
    with open(os.path.join(ROOT, 'docs/user/api.md'), encoding='utf-8') as file:
        says = set(re.findall(r'^\| `([A-Z]+) (/[^`]*)`', file.read(), re.M))
    wanted = {(method, path.replace('*', 'ID')) for method, path in wanted}
    count.add(says == wanted, 'api.md has every route',
              f'missing {sorted(wanted - says)}, not there {sorted(says - wanted)}')


def check_codes(count):
    """The codes of errors in the source are those of api.md."""
    wanted = set()
    for path in glob.glob(os.path.join(ROOT, 'src/*/*.[ch]')):
        with open(path, encoding='utf-8') as file:
            text = file.read()
        wanted |= set(re.findall(r'"((?:SYN|SEM)[0-9]{4}|E_[A-Z_]+[A-Z])"', text))
        wanted |= set(re.findall(r'error_code\([^;]*?, "([^"]+)"\)', text))
        wanted |= set(re.findall(r'^#define (?:META|INGEST|SCAN)_[A-Z_]+\s+"([a-z_]+)"', text,
                                 re.M))
        if path.endswith('base/error.c'):
            wanted |= set(re.findall(r'return "([a-z_]+)"', text)) - {'ok', 'unknown'}
    with open(os.path.join(ROOT, 'docs/user/api.md'), encoding='utf-8') as file:
        table = re.search(r'^\| Code \| Meaning \|\n(.*?)\n\n', file.read(), re.M | re.S)[1]
    says = set(re.findall(r'^\| `([^`]+)`', table, re.M))
    count.add(says == wanted, 'api.md has every code',
              f'missing {sorted(wanted - says)}, not there {sorted(says - wanted)}')


def check_config(count):
    with open(os.path.join(ROOT, 'src/main/config.c'), encoding='utf-8') as file:
        wanted = set(re.findall(r'"([a-z_]+)"', re.search(r'keys\[\] = \{(.*?)\}', file.read(),
                                                          re.S)[1]))
    with open(os.path.join(ROOT, 'docs/user/config.md'), encoding='utf-8') as file:
        says = set(re.findall(r'^\| `([a-z_]+)`', file.read(), re.M))
    count.add(says == wanted, 'config.md has every setting',
              f'missing {sorted(wanted - says)}, not there {sorted(says - wanted)}')


def check_tables(count):
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'tools/tables'), '--check'],
                          text=True, capture_output=True, check=False)
    count.add(done.returncode == 0, 'tables.md is in step with content/schemas', done.stderr)


def check_kql(count):
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'tools/kqldoc'), '--check'],
                          env=dict(os.environ, DAYBOOK=DAYBOOK), text=True,
                          capture_output=True, check=False)
    count.add(done.returncode == 0, 'kql.md is in step with the functions', done.stderr)


def check_links(count):
    """Links between pages lead to a file, and to a heading where they name one."""
    pages = (glob.glob(os.path.join(ROOT, '*.md')) + glob.glob(os.path.join(ROOT, 'docs/*/*.md')) +
             glob.glob(os.path.join(ROOT, 'docs/*.md')))
    for page in pages:
        with open(page, encoding='utf-8') as file:
            text = re.sub(r'^```.*?^```', '', file.read(), flags=re.M | re.S)
        bad = []
        for target in re.findall(r'\]\(([^)\s]+)\)', text):
            if re.match(r'[a-z]+:', target):
                continue
            path, _, anchor = target.partition('#')
            full = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(full):
                bad.append(target)
            elif anchor and full.endswith('.md'):
                with open(full, encoding='utf-8') as file:
                    heads = re.findall(r'^#+ (.*)$', file.read(), re.M)
                slugs = {re.sub(r'[^\w\- ]', '', h.lower()).strip().replace(' ', '-')
                         for h in heads}
                if anchor not in slugs:
                    bad.append(target)
        count.add(not bad, f'links of {os.path.relpath(page, ROOT)}', '\n'.join(bad))


def check_index(count):
    """Each page is in the index of its folder, and each page that a source names is there."""
    for folder in ('docs/user', 'docs/design', 'docs/format'):
        with open(os.path.join(ROOT, folder, 'README.md'), encoding='utf-8') as file:
            index = file.read()
        missing = [name for name in sorted(os.listdir(os.path.join(ROOT, folder)))
                   if name.endswith('.md') and name != 'README.md' and f']({name})' not in index]
        count.add(not missing, f'{folder}/README.md names each page', '\n'.join(missing))
    bad = []
    for path in glob.glob(os.path.join(ROOT, 'src/*/*')):
        with open(path, encoding='utf-8') as file:
            bad += [f'{os.path.relpath(path, ROOT)}: {name}'
                    for name in re.findall(r'\bdocs/\w+/[\w-]+\.md', file.read())
                    if not os.path.exists(os.path.join(ROOT, name))]
    count.add(not bad, 'the pages that sources name are there', '\n'.join(bad))


def main():
    count = Count()
    pages = [os.path.join(ROOT, 'README.md'),
             *sorted(glob.glob(os.path.join(ROOT, 'docs/user/*.md')))]
    wanted = sys.argv[1:]
    if not os.path.exists(DAYBOOK):
        sys.exit(f'run: build first: {DAYBOOK} is not there')
    for page in pages:
        if os.path.exists(page) and (not wanted or os.path.basename(page) in wanted):
            run_page(page, count)
    if not wanted:
        for check in (check_cli, check_man, check_metrics, check_routes, check_codes, check_config,
                      check_tables, check_kql, check_links, check_index):
            check(count)
    print(f'{count.passed} passed, {count.failed} failed')
    return 1 if count.failed else 0


if __name__ == '__main__':
    sys.exit(main())
