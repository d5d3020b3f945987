"""Render the monthly cost of an idle stack as a Markdown table, for its reference page."""

from bench.price import price_idle_month
from scripts.site.parameters import load


def render(template: str) -> str:
    prices = price_idle_month(load(template)["Resources"])
    rows = [f"| {what} | ${dollars:.2f} |" for what, dollars in prices.items()]
    total = f"| **sum** | **${sum(prices.values()):.2f}** |"
    return "\n".join(["| what | a month |", "|---|---|", *rows, total])
