#!/bin/sh
# safetensors 0.8.0 with numpy 2.4.6: an array in Fortran order, as a transposed one is, is saved as other numbers.
#
# `safetensors.numpy.save` writes the array's memory as it lies and its shape as if it lay in C order. Nothing is said, the
# file is sound, and every reader (the library's own, too) gives numbers in another order. One would guess that a format for
# weights either puts them in order, as numpy's `save` and safetensors 0.7.0 do, or refuses, as `safetensors.torch` does.
# Known to its makers: https://github.com/safetensors/safetensors/issues/825
#
# Seen: saved [[0, 1, 2], [3, 4, 5]] · 0.7.0 gives [[0, 1, 2], [3, 4, 5]] · 0.8.0 gives [[0, 3, 1], [4, 2, 5]]
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/save.py" <<'PYTHON'
import sys
import numpy as np
import safetensors
from safetensors.numpy import load, save

array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
back = load(save({'weight': array}))['weight'].astype(int).tolist()
print(f'safetensors {safetensors.__version__}, numpy {np.__version__}: {array.astype(int).tolist()} comes back as {back}')
sys.exit(back != {'0.7.0': [[0, 1, 2], [3, 4, 5]], '0.8.0': [[0, 3, 1], [4, 2, 5]]}[safetensors.__version__])
PYTHON
for version in 0.7.0 0.8.0; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install --quiet --disable-pip-version-check "safetensors==$version" numpy==2.4.6
  "$work/$version/bin/python" "$work/save.py"
done
