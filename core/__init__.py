"""Everything that both portals and the workers share; it knows neither."""
