# SPDX-License-Identifier: Apache-2.0
"""SIGTERM drains, SIGHUP reloads, a directory has one holder."""
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import lab
from story import Story, record, text_of


class Ends(Story):
    def test_what_was_written_is_there_after_a_restart(self):
        before = self.count()
        self.lab.ingest(self.writer, [record() for _ in range(50)])
        self.assertEqual(0, self.lab.stop())
        self.lab.start()
        self.assertEqual(before + 50, self.count())

    def test_few_descriptors_are_no_reason_to_stop(self):
        binary = os.path.join(self.lab.parent, 'few')
        with open(binary, 'w', encoding='utf-8') as script:
            script.write(f'#!/bin/sh\nulimit -n 200\nexec {lab.DAYBOOK} "$@"\n')
        os.chmod(binary, 0o755)
        with lab.Lab(binary=binary) as few:
            few.start()
            for n in range(120):
                few.add_tenant(f'tenant{n}')
                few.ingest(few.add_token('ingest', f'tenant{n}'), [record()])
            self.assertEqual(0, few.stop(), few.log_tail())
            self.assertTrue([name for name in os.listdir(os.path.join(few.data, 'seg'))
                             if name.endswith('.seg')])

    def test_sigterm_answers_what_is_under_way(self):
        """A drain waits for what has begun to arrive, and takes nothing new."""
        body = text_of([record() for _ in range(20000)]).encode()
        before = self.count()
        place = urllib.parse.urlsplit(self.lab.url)
        connection = http.client.HTTPSConnection(place.hostname, place.port, timeout=60,
                                                 context=self.lab.tls)
        connection.putrequest('POST', '/v1/ingest')
        connection.putheader('Authorization', f'Bearer {self.writer}')
        connection.putheader('Content-Length', str(len(body)))
        connection.putheader('Expect', '100-continue')
        connection.endheaders()
        self.assertIn(b' 100 ', connection.sock.recv(1024))  # now it is under way
        connection.send(body[:len(body) // 2])
        process = self.lab.process
        process.send_signal(signal.SIGTERM)
        self.assertTrue(lab.wait_until(self.is_closed, 10), 'new connections are still taken')
        self.assertIsNone(process.poll())
        connection.send(body[len(body) // 2:])
        answer = connection.getresponse()
        self.assertEqual((200, 20000), (answer.status, json.load(answer)['stored']))
        connection.close()
        self.assertEqual(0, self.lab.stop())
        self.lab.start()
        self.assertEqual(before + 20000, self.count())

    def is_closed(self):
        place = urllib.parse.urlsplit(self.lab.url)
        try:
            socket.create_connection((place.hostname, place.port), timeout=1).close()
        except OSError:
            return True
        return False

    def test_a_compaction_that_fails_midway_says_why(self):
        for _ in range(2):  # there is something to join
            self.lab.ingest(self.writer, [record() for _ in range(100)])
            self.lab.cli('compact')
            self.lab.ingest(self.writer, [record()])
        place = os.path.join(self.lab.data, 'seg')
        last = max(int(name[:16], 16) for name in os.listdir(place) if name.endswith('.seg'))
        in_the_way = [os.path.join(place, f'{number:016x}.seg')
                      for number in range(last + 2, last + 6)]
        for path in in_the_way:  # the first one behind `last` is the checkpoint's
            os.mkdir(path)
        done = self.lab.cli('compact')
        for path in in_the_way:
            os.rmdir(path)
        self.assertEqual(4, done.returncode, done.stderr)
        self.assertIn('daybook: the compaction failed: ', done.stderr)
        self.assertIn('seg/', done.stderr)
        self.assertEqual(0, self.lab.cli('compact').returncode)

    def test_sighup_keeps_serving(self):
        before = self.children()
        for pid in [self.lab.process.pid, *before]:  # as `pkill -HUP daybook` sends it
            os.kill(pid, signal.SIGHUP)
        time.sleep(0.5)
        self.assertIsNone(self.lab.process.poll())
        self.assertEqual(before, self.children())
        self.assertEqual(200, self.lab.http('GET', '/readyz', token='')[0])

    def test_the_end_of_the_certificate_is_told_and_it_is_renewed(self):
        before = self.certificate_end()
        self.assertAlmostEqual(time.time() + 397 * 86400, before, delta=2 * 86400)
        day = time.strftime('%Y-%m-%d', time.gmtime(before))
        self.assertIn(f'the certificate is valid until {day}', self.whole_log())
        check = self.certificate_check()
        self.assertEqual('ok', check['verdict'])
        self.assertIn(day, check['text'])
        with open(self.lab.ca_file, encoding='ascii') as file:
            old = file.read()
        time.sleep(1.1)  # its end is a full second
        done = self.lab.run('certificate', 'renew', '--data', self.lab.data)
        self.assertEqual(0, done.returncode, done.stderr)
        renewed = json.loads(done.stdout)
        self.assertEqual(self.lab.ca_file, renewed['ca_file'])
        self.lab.tls.load_verify_locations(self.lab.ca_file)  # it trusts both from now on
        self.lab.local = threading.local()  # and has to look at the certificate again
        self.assertEqual(before, self.certificate_end())  # until it is loaded
        self.lab.process.send_signal(signal.SIGHUP)
        self.assertTrue(lab.wait_until(lambda: self.certificate_end() > before, 10))
        self.lab.local = threading.local()
        end = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(self.certificate_end()))
        self.assertTrue(renewed['expires'].startswith(end), (renewed, end))
        with open(self.lab.ca_file, encoding='ascii') as file:
            self.assertNotEqual(old, file.read())
        self.assertEqual(0, self.lab.cli('tenant', 'list').returncode)

    def test_a_certificate_that_ends_soon_is_told(self):
        certificate = os.path.join(self.lab.parent, 'soon.pem')
        settings = os.path.join(self.lab.parent, 'soon.yml')
        with open(settings, 'w', encoding='ascii') as file:
            file.write(f'certificate: {certificate}\nkey: {self.lab.data}/tls/key.pem\n')
        for days, verdict, word in ((397, 'ok', 'valid until'), (29, 'warning', 'renew'),
                                    (-1, 'bad', 'renew')):
            self.make_certificate(certificate, days)
            with self.subTest(days=days), lab.Lab() as other:
                other.start('--config', settings)
                other.tls.check_hostname = False
                other.tls.verify_mode = ssl.CERT_NONE
                checks = json.loads(other.http('GET', '/v1/status')[2])['checks']
                check = next(c for c in checks if c['check'] == 'certificate')
                self.assertEqual(verdict, check['verdict'], check)
                self.assertIn(word, check['text'])
                levels = {'ok': 'info', 'warning': 'warning', 'bad': 'error'}
                self.assertRegex(other.log_tail(), rf'(?m) {levels[verdict]} the certificate ')

    def test_a_certificate_of_an_authority_is_not_renewed(self):
        with lab.Lab() as other:
            self.make_certificate(other.ca_file, 9)
            with open(other.ca_file, 'rb') as file:
                before = file.read()
            done = other.run('certificate', 'renew', '--data', other.data)
            self.assertEqual(2, done.returncode)
            self.assertIn('cannot renew the certificate', done.stderr)
            with open(other.ca_file, 'rb') as file:
                self.assertEqual(before, file.read())
            self.make_certificate(other.ca_file, 9, f'{other.data}/tls/key.pem')
            done = other.run('certificate', 'renew', '--data', other.data)
            self.assertEqual(2, done.returncode)
            self.assertIn("not one that 'daybook init' makes", done.stderr)
            os.unlink(other.ca_file)
            done = other.run('certificate', 'renew', '--data', other.data)
            self.assertEqual(4, done.returncode)
            self.assertFalse(os.path.exists(other.ca_file))
            for args in (['certificate', '--data', other.data], ['certificate', 'renew'],
                         ['certificate', 'show', '--data', other.data]):
                self.assertEqual(2, other.run(*args).returncode, args)

    def make_certificate(self, path, days, key=None):
        key = key or f'{self.lab.data}/tls/key.pem'
        subprocess.run(['openssl', 'req', '-x509', '-key', key, '-subj', '/CN=x', '-out', path],
                       check=True, capture_output=True)
        subprocess.run(['openssl', 'x509', '-in', path, '-signkey', key, '-days', str(days),
                        '-out', path], check=True, capture_output=True)

    def certificate_end(self):
        for line in self.lab.http('GET', '/metrics')[2].decode().splitlines():
            if line.startswith('daybook_certificate_expires_seconds '):
                return float(line.split()[1])
        self.fail('no metric')

    def certificate_check(self):
        checks = json.loads(self.lab.http('GET', '/v1/status')[2])['checks']
        return next(c for c in checks if c['check'] == 'certificate')

    def whole_log(self):
        with open(self.lab.log_path, encoding='utf-8') as log:
            return log.read()

    def test_the_service_manager_is_told(self):
        path = os.path.join(self.lab.parent, 'notify')
        with lab.Lab() as other, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(20)
            other.start(env={'NOTIFY_SOCKET': path})
            self.assertEqual(b'READY=1', manager.recv(100))
            self.assertEqual(200, other.http('GET', '/readyz', token='')[0])
            self.assertEqual(0, other.stop())
            self.assertEqual(b'STOPPING=1', manager.recv(100))
            manager.setblocking(False)
            with self.assertRaises(RuntimeError):  # a start that fails is none
                other.start('--listen', '192.0.2.1:1', env={'NOTIFY_SOCKET': path})
            with self.assertRaises(BlockingIOError):
                manager.recv(100)

    def test_the_log_tells_of_start_and_stop(self):
        with lab.Lab() as other:
            other.start()
            other.add_tenant('contoso')
            other.ingest(other.add_token('ingest', 'contoso'), [record() for _ in range(7)])
            other.kill()
            other.start()
            log = other.log_tail()
            self.assertRegex(log, r'(?m)Z info Daybook [0-9.]+\S* starts on .*/data')
            self.assertRegex(log, r'(?m)Z info [1-9][0-9]* records were read back from the log in')
            self.assertNotIn('stopping', log)
            other.process.send_signal(signal.SIGINT)
            self.assertEqual(0, other.process.wait(60))
            self.assertRegex(other.log_tail(), r'Z info SIGINT: stopping(?s:.*)Z info stopped\n')
            other.process.stdout.close()
            other.process = None
            other.start()
            self.assertEqual(0, other.stop())
            self.assertIn('info SIGTERM: stopping', other.log_tail())

    def test_a_second_holder_ends_with_4_and_names_the_first(self):
        for args in (['serve', '--data', self.lab.data, '--listen', '127.0.0.1:0'],
                     ['tenant', 'list', '--data', self.lab.data]):
            done = self.lab.run(*args)
            self.assertEqual(4, done.returncode, done.stderr)
            self.assertRegex(done.stderr, r'\b[0-9]{2,}\b')

    def test_a_command_works_on_the_directory_of_a_stopped_server(self):
        self.lab.ingest(self.writer, [record()])
        wanted = self.count()
        self.assertEqual(0, self.lab.stop())
        done = self.lab.run('query', '--data', self.lab.data, '--tenant', 'contoso', '-o', 'csv',
                            'AuditRecords | count')
        self.lab.start()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(['Count', str(wanted)], done.stdout.split())

    def test_an_answer_goes_to_no_file_in_place_of_a_closed_output(self):
        self.assertEqual(0, self.lab.stop())
        self.addCleanup(self.lab.start)
        for closed in ('>&-', '>&- 2>&-', '<&- >&- 2>&-'):
            done = subprocess.run(['sh', '-c', f'exec "$@" {closed}', 'sh', self.lab.binary,
                                   'tenant', 'list', '--data', self.lab.data],
                                  check=False, capture_output=True, timeout=60)
            self.assertEqual(4, done.returncode, closed)
        done = self.lab.run('doctor', '--data', self.lab.data)
        self.assertNotIn('damaged and set aside', done.stderr)

    def test_a_server_process_that_dies_is_started_again(self):
        children = self.children()
        self.assertTrue(children)
        server = max(children)  # the last one started; the keeper came first
        os.kill(server, signal.SIGKILL)
        ready = lab.wait_until(self.is_ready, 20)
        self.assertTrue(ready)

    def test_a_start_again_that_fails_is_tried_again(self):
        key = os.path.join(self.lab.data, 'keys/kek')
        os.rename(key, key + '.away')
        try:
            os.kill(max(self.children()), signal.SIGKILL)
            self.assertTrue(lab.wait_until(
                lambda: 'cannot start the server again' in self.lab.log_tail(), 20))
        finally:
            os.rename(key + '.away', key)
        self.assertTrue(lab.wait_until(self.is_ready, 20), self.lab.log_tail())
        self.assertEqual(2, len(self.children()))  # none that ended is left

    def is_ready(self):
        try:
            return self.lab.http('GET', '/readyz', token='')[0] == 200
        except OSError:
            return False

    def children(self):
        path = f'/proc/{self.lab.process.pid}/task/{self.lab.process.pid}/children'
        with open(path, encoding='ascii') as file:
            return [int(pid) for pid in file.read().split()]
