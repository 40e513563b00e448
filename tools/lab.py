# SPDX-License-Identifier: Apache-2.0
"""lab - a Daybook of one's own: for the demonstration, the stories and benchmarks.

A Lab is a data directory with a server that can be started, stopped and killed.
Only what a user has is used: the program, HTTPS, the environment.
"""
import base64
import gzip
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get('DAYBOOK_BUILD', os.path.join(ROOT, 'build'))
DAYBOOK = os.path.join(BUILD, 'daybook')
GENERATE = os.path.join(BUILD, 'bench/daybook-generate')
LOAD = os.path.join(BUILD, 'bench/daybook-load')
START_S = 60  # for a server to answer
STOP_S = 60
IDLE_S = 10  # a connection that rested longer is not used again: the server may end it


class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status, body):
        super().__init__(f'{status}: {body[:500]}')
        self.status = status
        self.body = body


class Lab:
    def __init__(self, directory=None, binary=DAYBOOK):
        self.binary = binary
        self.parent = directory or tempfile.mkdtemp(prefix='daybook-')
        self.data = os.path.join(self.parent, 'data')
        self.log_path = os.path.join(self.parent, 'server.log')
        self.process = None
        self.url = None
        self.local = threading.local()
        done = self.run('init', '--data', self.data, '-o', 'json')
        if done.returncode != 0:
            raise RuntimeError(f'init failed: {done.stderr}')
        first = json.loads(done.stdout)
        self.admin = first['admin_token']
        self.ca_file = first['ca_file']
        self.tls = ssl.create_default_context(cafile=self.ca_file)

    def run(self, *args, token=None, data=None, timeout=120, text=True):
        """The program with these arguments, to its end."""
        env = dict(os.environ)
        env.pop('DAYBOOK_TOKEN', None)
        if token:
            env['DAYBOOK_TOKEN'] = token
        return subprocess.run([self.binary, *args], env=env, input=data, text=text, check=False,
                              capture_output=True, timeout=timeout)

    def cli(self, *args, token=None, **more):
        """A command that asks the running server."""
        return self.run(args[0], '--server', self.url, '--cacert', self.ca_file, *args[1:],
                        token=token or self.admin, **more)

    def start(self, *options, env=None):
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                [self.binary, 'serve', '--data', self.data, '--listen', '127.0.0.1:0', *options],
                stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                env=os.environ | (env or {}))
        timer = threading.Timer(START_S, self.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            raise RuntimeError(f'the server did not start: {self.log_tail()}')
        ready = json.loads(line)
        assert ready['ready'] is True
        self.url = ready['url'].rstrip('/')
        self.local = threading.local()  # connections to the old port are of no use
        return self

    def log_tail(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()[-2000:]

    def stop(self):
        """Ends the server in good order; its exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process.stdout.close()
        self.process = None
        return code

    def kill(self):
        """kill -9 of all its processes at once, as a power cut would."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.process = None

    def remove(self):
        self.kill()
        shutil.rmtree(self.parent, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def peak_memory_bytes(self):
        """Of all its processes together."""
        total = 0
        for name in os.listdir('/proc'):
            if not name.isdigit():
                continue
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8', errors='replace') as stat:
                    group = int(stat.read().rsplit(')', 1)[1].split()[2])
                if group != self.process.pid:
                    continue
                with open(f'/proc/{name}/status', encoding='utf-8', errors='replace') as status:
                    peak = [line for line in status if line.startswith('VmHWM')]
                total += int(peak[0].split()[1]) * 1024 if peak else 0
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return total

    # ---- HTTP ----

    def http(self, method, path, body=None, token=None, headers=None,
             read=http.client.HTTPResponse.read):
        """(status, headers, what `read` gives) of one request; a thread keeps its connection."""
        place = urllib.parse.urlsplit(self.url)
        connection = getattr(self.local, 'connection', None)
        if connection is not None and time.monotonic() - self.local.used > IDLE_S:
            connection.close()
            connection = None
        if connection is None:
            connection = http.client.HTTPSConnection(place.hostname, place.port, timeout=120,
                                                     context=self.tls)
            self.local.connection = connection
        all_headers = {} if token == '' else {'Authorization': f'Bearer {token or self.admin}'}
        all_headers.update(headers or {})
        is_kept = connection.sock is not None
        self.local.used = time.monotonic()
        try:
            connection.request(method, path, body, all_headers)
            answer = connection.getresponse()
            self.local.used = time.monotonic()
            return answer.status, answer.headers, read(answer)
        except (http.client.HTTPException, OSError):
            connection.close()
            self.local.connection = None
            if is_kept and (method == 'GET' or path.startswith(('/v1/query', '/v1/scope'))):
                return self.http(method, path, body, token, headers, read)  # idle for too long
            raise

    def ask(self, method, path, body=None, token=None, headers=None):
        """The JSON of a 2xx answer."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers = {'Content-Type': 'application/json'} | (headers or {})
        status, _, answer = self.http(method, path, body, token, headers)
        if not 200 <= status < 300:
            raise Refused(status, answer.decode('utf-8', 'replace'))
        return json.loads(answer) if answer.strip() else None

    def metrics(self):
        """The values of /metrics, without `daybook_`."""
        _, _, text = self.http('GET', '/metrics')
        lines = [line.split() for line in text.decode().splitlines() if line[:1] != '#']
        return {name.removeprefix('daybook_'): float(value) for name, value in lines}

    # ---- what one does with it ----

    def add_tenant(self, name, guid=None):
        return self.ask('POST', '/v1/tenants', {'name': name} | ({'id': guid} if guid else {}))

    def add_token(self, role, tenant=None, **more):
        body = {'role': role, 'expires': '1d', 'name': 'lab'} | more
        if tenant:
            body['tenant'] = tenant
        return self.ask('POST', '/v1/tokens', body)['token']

    def ingest(self, token, body, table=None, encoding=None, key=None, **query):
        """Sends bytes, or records as a list; the answer."""
        if isinstance(body, list):
            body = '\n'.join(json.dumps(record) for record in body) + '\n'
        if isinstance(body, str):
            body = body.encode()
        headers = {'Content-Type': 'application/x-ndjson'}
        if encoding == 'gzip':
            body = gzip.compress(body, 1)
        if encoding:
            headers['Content-Encoding'] = encoding
        if key:
            headers['Idempotency-Key'] = key
        if table:
            query['table'] = table
        path = '/v1/ingest' + ('?' + urllib.parse.urlencode(query) if query else '')
        return self.ask('POST', path, body, token, headers)

    def query(self, text, tenant=None, token=None):
        """Rows as dictionaries; without a tenant over all of them."""
        body = {'query': text}
        body.update({'tenant': tenant} if tenant else {'all_tenants': True})
        answer = self.ask('POST', '/v1/query', body, token)
        if answer.get('error') or not answer['complete']:
            raise Refused(200, json.dumps({k: v for k, v in answer.items() if k != 'rows'}))
        names = [column['name'] for column in answer['columns']]
        return [dict(zip(names, row)) for row in answer['rows']]


def receipt_of(answer):
    """The receipt's text, whether it came as such or in base64."""
    receipt = answer['receipt']
    return receipt if '\n' in receipt else base64.b64decode(receipt).decode()


def shared(name):
    """A file of the reference material, or None where it is absent."""
    top = os.environ.get('DAYBOOK_SHARED', os.path.join(ROOT, '../shared'))
    path = os.path.join(top, name)
    return path if os.path.exists(path) else None


def lines_of(path):
    opener = gzip.open if path.endswith('.gz') else open
    with opener(path, 'rt', encoding='utf-8') as file:
        return [line.rstrip('\n') for line in file if line.strip()]


def wait_until(condition, seconds=10.0):
    """Waits for the condition to be true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.02)
