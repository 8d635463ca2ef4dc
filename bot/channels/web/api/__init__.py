"""The knowledge over HTTP: services, offices, places, journeys and who is responsible, from the release in force."""
