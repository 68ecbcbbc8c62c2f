#!/bin/sh
# Measures search in files and writes the numbers here; run from the checkout on a quiet machine, after `make train`.
# The first argument is a film with rare key frames (Big Buck Bunny, 720p); MINUTES is the length of the generated one.
set -e
bin=${BIN:-.venv/bin}
minutes=${MINUTES:-60}
"$bin/spotvmr" bench part=retrieval "minutes=$minutes" "video=$1"
"$bin/spotvmr" bench part=memory "minutes=$minutes" times=10
"$bin/spotvmr" bench part=answers run=runs/demo
for part in retrieval memory answers; do
  cp "runs/bench/$part.json" "experiments/retrieval/$part.json"
done
