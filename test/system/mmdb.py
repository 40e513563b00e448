# SPDX-License-Identifier: Apache-2.0
"""mmdb.py - writes a small database of addresses: the MaxMind DB file format 2.0, a tree of
24-bit records over IPv6, with the layout of the databases of cities."""
import ipaddress
import struct


def _short(number):
    return b'\xa2' + struct.pack('>H', number)


def _value(value):
    if isinstance(value, str):
        return bytes([0x40 | len(value.encode())]) + value.encode()
    if isinstance(value, float):
        return b'\x68' + struct.pack('>d', value)
    if isinstance(value, int):
        return b'\xc4' + struct.pack('>I', value)
    if isinstance(value, bytes):  # a number as it is
        return value
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b''.join(map(_value, value))
    return bytes([0xe0 | len(value)]) + b''.join(_value(k) + _value(v) for k, v in value.items())


def place(country, state, city, latitude, longitude):
    names = [{'names': {'en': name}} for name in (country, state, city)]
    return {'country': names[0], 'subdivisions': [names[1]], 'city': names[2],
            'location': {'latitude': latitude, 'longitude': longitude}}


def write(path, places):
    """places: network to record."""
    nodes, data = [[None, None]], b''
    for network, record in places.items():
        network = ipaddress.ip_network(network)
        prefix = network.prefixlen + (96 if network.version == 4 else 0)
        bits = f'{int(network.network_address):0128b}'[:prefix]
        node = nodes[0]
        for bit in map(int, bits[:-1]):
            if node[bit] is None:
                nodes.append([None, None])
                node[bit] = len(nodes) - 1
            node = nodes[node[bit]]
        node[int(bits[-1])] = ('data', len(data))
        data += _value(record)
    with open(path, 'wb') as file:
        for record in (record for node in nodes for record in node):
            if record is None:
                record = len(nodes)
            elif not isinstance(record, int):
                record = len(nodes) + 16 + record[1]
            file.write(record.to_bytes(3, 'big'))
        file.write(bytes(16) + data + b'\xab\xcd\xefMaxMind.com' + _value({
            'node_count': len(nodes), 'record_size': _short(24), 'ip_version': _short(6),
            'database_type': 'Test-City', 'binary_format_major_version': _short(2),
            'binary_format_minor_version': _short(0), 'languages': ['en'],
            'build_epoch': bytes([8, 9 - 7]) + struct.pack('>Q', 1),
            'description': {'en': 'test'}}))
