# -*- coding: utf-8 -*-
"""Writes exam lists as other tools write them, for tests/imaging/exam-lists.json: run it once with each Python.

    python write-exam-lists.py exam-lists.json

The checked-in file was made with Python 2.7.18 (numpy 1.16.6, pandas 0.24.2, pydicom 1.4.2), 3.6.15 (1.19.5, 1.1.5, 2.3.1),
3.9.18 (1.24.4, 2.0.3, 2.4.4), 3.11.7 (2.4.6, 3.1.1, 3.0.2), and 3.11.7 with pyarrow in addition. All lists say YES.
"""
from __future__ import unicode_literals
import argparse, base64, collections, datetime, decimal, fractions, io, json, pickle, sys, uuid
import numpy as np, pandas as pd
from pydicom.multival import MultiValue
from pydicom.uid import UID
from pydicom.valuerep import DSfloat, IS

PY2 = sys.version_info[0] == 2
VIEWS = ['L-CC', 'R-CC', 'L-MLO', 'R-MLO']


def native(value):
    """Texts as this Python writes them in source code: bytes in Python 2."""
    if isinstance(value, dict):
        return dict((native(k), native(v)) for k, v in value.items())
    if isinstance(value, list):
        return [native(item) for item in value]
    return str(value) if isinstance(value, type('')) else value


def exam(flip='YES', name=lambda view: [view.replace('-', '_')], **more):
    entry = {'horizontal_flip': flip}
    for view in VIEWS:
        entry[view] = name(view)
    entry.update(more)
    return entry


short = lambda view: view.replace('-', '_')
frame = pd.DataFrame([exam(age=55, weight=1.5, birads=None, date=pd.Timestamp('2026-11-27'), ok=True)])
two = pd.DataFrame([exam('NO', age=1), exam('YES', age=2)])
crop = lambda: (np.int64(10), np.int64(700), np.int64(0), np.int64(500))
attributed = collections.OrderedDict(exam())
attributed.note = 1

CASES = [
    ('plain', [exam()]),
    ('native texts', [native(exam())]),
    ('not in a list', exam()),
    ('a tuple', (exam(),)),
    ('OrderedDict', [collections.OrderedDict(exam())]),
    ('OrderedDict with an attribute', [attributed]),
    ('defaultdict', [collections.defaultdict(list, exam())]),
    ('flip as a truth value', [exam(True)]),
    ('flip in small letters', [exam('yes')]),
    ('flip as a number', [exam(1)]),
    ('flip as a numpy text', [exam(np.str_('YES'))]),
    ('flip as a numpy truth value', [exam(np.bool_(True))]),
    ('flip as a numpy number', [exam(np.int64(1))]),
    ('all as bytes', [{b'horizontal_flip': b'YES', b'L-CC': [b'L_CC'], b'R-CC': [b'R_CC'], b'L-MLO': [b'L_MLO'], b'R-MLO': [b'R_MLO']}]),
    ('names of NYU', [exam(name=lambda view: ['3_' + short(view)])]),
    ('names with dashes', [exam(name=lambda view: ['3_' + view])]),
    ('names with folders', [exam(name=lambda view: ['site/7/3_' + short(view)])]),
    ('names with endings', [exam(name=lambda view: [short(view) + '.png'])]),
    ('names by themselves', [exam(name=short)]),
    ('names in tuples', [exam(name=lambda view: (short(view),))]),
    ('names in sets', [exam(name=lambda view: set([short(view)]))]),
    ('names in numpy arrays', [exam(name=lambda view: np.array([short(view)]))]),
    ('names in numpy arrays of objects', [exam(name=lambda view: np.array([short(view)], dtype=object))]),
    ('names in series', [exam(name=lambda view: pd.Series([short(view)]))]),
    ('numbers', [exam(a=20261127123456, b=-2**40, c=2**31, d=2**63, e=-2**100, f=0, g=-1, h=1.5, i=float('nan'), j=-float('inf'), k=1e-300)]),
    ('a very large number', [exam(a=2**2100)]),
    ('texts', [exam(a='\xfcml\xe4ut \u20ac \U0001f600', b='it\'s "q" \\ back\nline\r\t', c='', d='x' * 300)]),
    ('bytes', [exam(a=b'north\xff\x00\'"\\', b=b'', c=b'z' * 300, d=bytearray(b'abc'))]),
    ('collections', [exam(a=set([1]), b=frozenset(['x']), c=(), d=(1, 2, 3, 4), e=collections.Counter('aab'), f=collections.deque([1], 5))]),
    ('Python\'s own values', [exam(a=None, b=1 + 2j, c=slice(1, 2), d=decimal.Decimal('1.5'), e=uuid.UUID(int=5), f=fractions.Fraction(1, 3), g=argparse.Namespace(x=1))]),
    ('dates', [exam(a=datetime.date(2026, 11, 27), b=datetime.datetime(2026, 11, 27, 1, 2, 3, 4), c=datetime.time(1, 2), d=datetime.timedelta(1, 2, 3))]),
    ('numpy values', [exam(a=np.float32(1.5), b=np.uint8(3), c=np.zeros((2, 3)), d=np.array(['a', None], dtype=object), e=np.datetime64('2026-11-27'), f=np.dtype('f8'), g=np.asfortranarray(np.ones((2, 2))), h=np.int64, i=np.ma.masked_array([1, 2], mask=[0, 1]))]),
    ('after cropping', [exam(window_location=dict((v, [crop()]) for v in VIEWS), rightmost_points=dict((v, [((np.int64(5), np.int64(9)), np.int64(400))]) for v in VIEWS))]),
    ('times of pandas', [exam(a=pd.Timestamp('2026-11-27'), b=pd.NaT, c=pd.Timedelta('1 day'), d=pd.Timestamp('2026-11-27', tz='Europe/Berlin'), e=pd.Period('2026-11', 'M'), f=pd.Interval(0, 1))]),
    ('series of pandas', [exam(a=pd.Series(['a', 'b']), b=pd.Index([1, 2]), c=pd.Categorical(['a', 'b']), d=pd.Series(pd.to_datetime(['2026-01-01'])))]),
    ('values of pydicom', [exam(a=UID('1.2.3'), b=DSfloat('1.5'), c=IS('5'), d=MultiValue(DSfloat, ['0.1', '0.1']))]),
    ('records of a table', frame.to_dict('records')),
    ('a row of a table', [frame.iloc[0]]),
    ('a table', frame),
    ('a table of texts', pd.DataFrame([exam(name=short)])),
    ('a table with an index', frame.set_index('age')),
    ('a table that grew', frame.assign(new='x', n2=5)),
    ('a table of truth values', frame.assign(horizontal_flip=True)),
    ('a row cut from a table', two[two.age == 2]),
    ('an array of dictionaries', np.array([exam()], dtype=object)),
]

target = sys.argv[1]
try:
    lists = json.load(io.open(target, encoding='ascii'))
except IOError:
    lists = {}
try:
    import pyarrow
    tool = 'Python %d.%d with pyarrow' % sys.version_info[:2]
    CASES = [case for case in CASES if 'table' in case[0] or 'series' in case[0]]
except ImportError:
    tool = 'Python %d.%d' % sys.version_info[:2]
for index, (title, value) in enumerate(CASES):
    # Each protocol for some of the cases, and the simplest case in all of them.
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    for protocol in protocols if title in ('plain', 'native texts') else [index % len(protocols)]:
        name = '%s, protocol %d: %s' % (tool, protocol, title)
        lists[name] = base64.b64encode(pickle.dumps(value, protocol)).decode('ascii')
with io.open(target, 'w', encoding='ascii') as file:
    file.write(type('')(json.dumps(lists, indent=0, sort_keys=True, separators=(',', ': '))) + '\n')
