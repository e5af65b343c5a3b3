"""Gates: source drift after ingest, and the publish gate on a build."""
