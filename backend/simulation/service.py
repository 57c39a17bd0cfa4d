"""The door of simulations: what a catalogue would do for everyone. Nothing is written but the report."""

from __future__ import annotations

from backend.simulation.asked import Simulation, ask_simulation, simulate_next, simulate_until, simulation
from backend.simulation.batch import Best, best_of_all
from backend.simulation.crew import Stopped, cores
from backend.simulation.simulating import Report, simulate

__all__ = [
    "Best",
    "Report",
    "Simulation",
    "Stopped",
    "ask_simulation",
    "best_of_all",
    "cores",
    "simulate",
    "simulate_next",
    "simulate_until",
    "simulation",
]
