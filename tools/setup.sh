#!/bin/sh
# Makes the virtual environment with pinned versions. TORCH=system uses the torch that is installed.
set -eu
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "cnnlab needs Python 3.11 or newer; $PYTHON is $("$PYTHON" --version 2>&1). Try: make PYTHON=python3.12" >&2
    exit 1
}
if [ "$TORCH" = system ]; then
    "$PYTHON" -c 'import sys, torch; sys.exit(tuple(map(int, torch.__version__.split(".")[:2])) < (2, 11))' || {
        echo "TORCH=system: $PYTHON has no torch, or one older than 2.11" >&2
        exit 1
    }
    "$PYTHON" -m venv --system-site-packages "$VENV"
    sed '/^torch==/d; /^nvidia-/d; /^triton==/d' constraints.txt >"$VENV/constraints.txt"
else
    "$PYTHON" -m venv "$VENV"
    cp constraints.txt "$VENV/constraints.txt"
    [ -d "$VENV/lib/$("$VENV/bin/python" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}")')/site-packages/torch" ] ||
        echo "fetching torch: about 200 MB as a CPU build, 3 GB with CUDA; the rest is about 150 MB" >&2
fi
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check -c "$VENV/constraints.txt" -e ".[dev]"

if [ -e /dev/nvidia0 ]; then
    "$VENV/bin/python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' ||
        echo "THIS MACHINE HAS AN NVIDIA GPU, BUT THE INSTALLED TORCH DOES NOT SEE IT. Run \`$VENV/bin/cnnlab doctor\`, or: make setup TORCH=system" >&2
fi
