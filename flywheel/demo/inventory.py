"""Halden's stock system as an MCP server: ``python -m whorl.flywheel.demo.inventory``."""

from mcp.server import MCPServer

from .stock import units

server = MCPServer("halden-inventory")


@server.tool()
def stock_level(product: str, city: str, ledger: str) -> str:
    """Look up how many units of a product a ledger of a city shows."""
    return str(units(product, city, ledger))


if __name__ == "__main__":
    server.run("stdio")
