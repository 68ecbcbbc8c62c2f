#!/bin/sh
# Trains families of VMR models with uniform and spotter; the runs of VSLNet are those of experiments/efficiency_recall.
# Run from the checkout. Finished runs are not repeated, and several processes may share the work:
# SEEDS="1" MODELS="snag".
set -e
bin=${BIN:-.venv/bin}
for seed in ${SEEDS:-0 1 2}; do for model in ${MODELS:-tan2d qd_detr snag}; do for selector in spotter uniform; do
  run=plug-$model-$selector-$seed
  "$bin/spotvmr" train "model=$model" "selector=$selector" "seed=$seed" "name=$run" paths.runs=runs/plug_and_play
  for budget in 0.05 0.25; do
    "$bin/spotvmr" evaluate "run=runs/plug_and_play/$run" "budget=$budget"
  done
done; done; done
"$bin/spotvmr" report runs=runs/plug_and_play collect=experiments/plug_and_play
