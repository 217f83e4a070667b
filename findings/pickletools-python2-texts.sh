#!/bin/sh
# Python 3 (seen with 3.9, 3.11 and 3.13): `pickletools` cannot take apart a pickle that `pickle` reads.
#
# Python 2 wrote texts in protocol 0 as they stand in source code, with escapes for bytes above 127 (`S'M\xfcller'`). Python 3
# reads them as `pickle.loads(…, encoding='latin1')`; pickletools decodes the escapes as ASCII and fails, and has no
# such option. One would guess that the tool for looking into a pickle without running it reads every pickle that can be
# run: who looks through old data with it, before loading, finds sound files damaged.
#
# Seen: pickle.loads: ['Müller'] · pickletools.dis: UnicodeDecodeError: 'ascii' codec can't decode byte 0xfc in position 1
set -eu
python3 - <<'PYTHON'
import io, pickle, pickletools, platform

# What Python 2.7.18 writes for pickle.dumps(['M\xfcller'], 0).
written = b"(lp0\nS'M\\xfcller'\np1\na."
read = pickle.loads(written, encoding='latin1')
print(f'Python {platform.python_version()}: pickle.loads gives {read}')
assert read == ['M\xfcller']
try:
    pickletools.dis(written, out=io.StringIO())
except UnicodeDecodeError as error:
    print(f'pickletools.dis: UnicodeDecodeError: {error}')
    assert "'ascii' codec can't decode byte 0xfc" in str(error)
else:
    raise SystemExit('It is taken apart now.')
PYTHON
