"""Missions of docked drones, as jobs, and their live tracking."""
