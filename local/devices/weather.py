"""Slowly changing weather, determined by seed and time."""

import math
from random import Random
from typing import Any

MINUTE = 60


class Weather:
    def __init__(self, random: Random) -> None:
        self._phase = random.uniform(0, math.tau)
        self._direction = random.uniform(0, 360)

    def at(self, seconds: float) -> dict[str, Any]:
        """Return the weather in m/s, degrees, degrees Celsius, percent and mm/h."""
        humidity = 65 + 30 * self._wave(seconds, 47 * MINUTE)
        return {
            "windSpeed": round(5 + 3 * self._wave(seconds, 11 * MINUTE), 1),
            "windDirection": round(self._direction + 40 * self._wave(seconds, 23 * MINUTE)) % 360,
            "temperature": round(14 + 4 * self._wave(seconds, 97 * MINUTE), 1),
            "humidity": round(humidity),
            "rain": round(max(0.0, humidity - 90) / 5, 1),
        }

    def _wave(self, seconds: float, period: float) -> float:
        return math.sin(math.tau * seconds / period + self._phase)
