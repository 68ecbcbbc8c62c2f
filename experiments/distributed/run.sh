#!/bin/sh
# Trains the teacher on two processes, three seeds; run from the checkout.
# `train` adds a student, here the cheapest one; only the records of the teachers are kept.
set -e
bin=${BIN:-.venv/bin}
for seed in 0 1 2; do
  "$bin/spotvmr" train "seed=$seed" trainer.devices=2 trainer.strategy=ddp trainer.batch_size=8 trainer.patience=8 \
    selector=none trainer.student_epochs=1 "name=student-s$seed" paths.runs=runs/distributed
done
mkdir -p runs/distributed_teachers
cp -r runs/distributed/demo-teacher-* runs/distributed_teachers
"$bin/spotvmr" report runs=runs/distributed_teachers collect=experiments/distributed
