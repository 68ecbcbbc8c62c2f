"""Checks of the installation, the machine and a data set; nothing is changed, made or downloaded."""

from spotvmr.doctor.backends import check_backends
from spotvmr.doctor.dataset import check_dataset
from spotvmr.doctor.findings import Finding
from spotvmr.doctor.machine import check_machine
from spotvmr.doctor.packages import check_packages

__all__ = ["Finding", "check_backends", "check_dataset", "check_machine", "check_packages"]
