"""What may stand where: floors, doors, tables, routes, files."""
