#!/bin/sh
# pandas 3.1.1 with pyarrow 26.0.1: a pickled table of texts cannot be read on a machine where pyarrow is not installed.
#
# pandas 3 keeps texts in Arrow's memory as soon as pyarrow can be imported, whether or not anything asks for it, and a
# pickle then holds Arrow's buffers, of the column names alone already. The same code with the same version of pandas writes
# and reads plain arrays where pyarrow is missing. One would guess that pandas reads what the same pandas wrote: that is what
# an optional dependency means.
#
# Seen: written with pyarrow, read without: ModuleNotFoundError: No module named 'pyarrow'; written without, read with: YES
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for kind in with without; do
  python3 -m venv "$work/$kind"
  "$work/$kind/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 numpy==2.4.6
done
"$work/with/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1
cat > "$work/write.py" <<'PYTHON'
import sys, pandas
pandas.DataFrame([{'horizontal_flip': 'YES', 'age': 55}]).to_pickle(sys.argv[1])
PYTHON
cat > "$work/read.py" <<'PYTHON'
import sys, pandas
print(f'pandas {pandas.__version__} reads', pandas.read_pickle(sys.argv[1]).horizontal_flip[0])
PYTHON
"$work/with/bin/python" "$work/write.py" "$work/with.pkl"
"$work/without/bin/python" "$work/write.py" "$work/without.pkl"
"$work/with/bin/python" "$work/read.py" "$work/without.pkl" | tee "$work/seen"
grep -q 'reads YES' "$work/seen"
if "$work/without/bin/python" "$work/read.py" "$work/with.pkl" 2> "$work/error"; then
  echo 'It is read now.'
  exit 1
fi
tail -n 1 "$work/error" | tee "$work/seen"
grep -q "ModuleNotFoundError: No module named 'pyarrow'" "$work/seen"
