#!/bin/sh
# Evaluates the runs of the bench on 60 min videos, then times one hour and ten hours of clips on a quiet machine; run from
# the checkout, after `spotvmr bench arms=one_shot,similarity,spotter`.
set -e
bin=${BIN:-.venv/bin}
for run in runs/bench/spotter-s? runs/bench/one_shot-s? runs/bench/similarity-s?; do
  for budget in 0.0025 0.005 0.01 0.025; do
    "$bin/spotvmr" evaluate "run=$run" dataset=errands60 "budget=$budget"
  done
done
for run in runs/bench/demo-teacher-vslnet-*; do
  "$bin/spotvmr" evaluate "run=$run" dataset=errands60
done
mkdir -p runs/long_video
for record in runs/bench/*/errands60-test-*; do
  cp -r "$record" "runs/long_video/$(basename "$(dirname "$record")")-$(basename "$record")"
done
"$bin/spotvmr" report runs=runs/long_video collect=experiments/long_video
"$bin/python" experiments/long_video/paired.py
for model in vslnet tan2d snag qd_detr moment_detr; do
  "$bin/spotvmr" bench part=long "model=$model"
  cp runs/bench/long.json "experiments/long_video/linear-$model.json"
done
