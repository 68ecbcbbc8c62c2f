"""Cost accounting: FLOPs of any callable, the ledger of a run, and amortisation over queries."""

from spotvmr.cost.amortise import AmortisedCost, QueryCost, VideoCost, amortise, dense_gflops, spotted_gflops
from spotvmr.cost.flops import count_gflops, encoder_gflops
from spotvmr.cost.ledger import Ledger

__all__ = [
    "AmortisedCost",
    "Ledger",
    "QueryCost",
    "VideoCost",
    "amortise",
    "count_gflops",
    "dense_gflops",
    "encoder_gflops",
    "spotted_gflops",
]
