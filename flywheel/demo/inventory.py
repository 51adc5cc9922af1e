"""Halden's stock system as an MCP server: ``python -m whorl.flywheel.demo.inventory``."""

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from .stock import units

server = MCPServer("halden-inventory", log_level="WARNING")


@server.tool()
def stock_level(product: str, city: str, ledger: str) -> str:
    """Look up how many units of a product a ledger of a city shows."""
    try:
        return str(units(product, city, ledger))
    except ValueError as error:
        raise ToolError(str(error)) from error


if __name__ == "__main__":
    server.run("stdio")
